#include "answer.h"

#include <stdio.h>
#include <string.h>

int answer(const char *request, char *out, int size)
{
    const char *status = "404 Not Found";
    const char *body = "not found\n";
    if (strncmp(request, "GET /healthz ", 13) == 0) {
        status = "200 OK";
        body = "ok\n";
    } else if (strncmp(request, "GET / ", 6) == 0) {
        status = "200 OK";
        body = "hello from C\n";
    }
    return snprintf(out, size, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                    status, strlen(body), body);
}
