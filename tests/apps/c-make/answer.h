#ifndef ANSWER_H
#define ANSWER_H

/* Writes the answer to a request into out and returns its length. */
int answer(const char *request, char *out, int size);

#endif
