package main

/*
#include <stdint.h>

static uint32_t adler(const unsigned char *data, int size) {
    uint32_t a = 1, b = 0;
    for (int i = 0; i < size; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}
*/
import "C"

import (
	"fmt"
	"log"
	"net/http"
	"unsafe"
)

func sum(text string) uint32 {
	data := []byte(text)
	return uint32(C.adler((*C.uchar)(unsafe.Pointer(unsafe.SliceData(data))), C.int(len(data))))
}

func main() {
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, sum("ok")) })
	log.Fatal(http.ListenAndServe(":8080", nil))
}
