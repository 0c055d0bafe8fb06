#include "digest.h"

#include <stdio.h>

uint32_t digest_crc32(const uint8_t *bytes, size_t length) {
    uint32_t sum = 0xffffffffu;
    for (size_t at = 0; at < length; at++) {
        sum ^= bytes[at];
        for (int bit = 0; bit < 8; bit++) {
            sum = (sum >> 1) ^ (0xedb88320u & (0u - (sum & 1u)));
        }
    }
    return ~sum;
}

void digest_tag(const uint8_t *bytes, size_t length, char tag[9]) {
    snprintf(tag, 9, "%08x", digest_crc32(bytes, length));
}
