#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"

#define DEFAULT_PORT 8080

static void leave(int number)
{
    (void)number;
    _exit(0);
}

int main(void)
{
    const char *text = getenv("PORT");
    int port = text ? atoi(text) : DEFAULT_PORT;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = INADDR_ANY};

    signal(SIGTERM, leave);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0) {
        perror("listen");
        return 1;
    }
    for (;;) {
        char request[4096], out[4096];
        int client = accept(listener, NULL, NULL);
        ssize_t length;
        if (client < 0)
            continue;
        length = read(client, request, sizeof request - 1);
        if (length > 0) {
            request[length] = '\0';
            if (write(client, out, answer(request, out, sizeof out)) < 0)
                perror("write");
        }
        close(client);
    }
}
