#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of zip files and PNG images. */
uint32_t digest_crc32(const uint8_t *bytes, size_t length);

/* The checksum in hexadecimal, for an ETag: eight characters and a zero. */
void digest_tag(const uint8_t *bytes, size_t length, char tag[9]);

#endif
