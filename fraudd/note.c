/* One write for each line, so that lines of several writers do not mix. */

#include "note.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

void
note(int priority, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	size_t n, cap = sizeof(line) - 1; /* the newline */
	va_list ap;
	int len;

	if (getenv("JOURNAL_STREAM") != NULL)
		len = snprintf(line, cap, "<%d>", priority);
	else
		len = snprintf(line, cap, "fraudd: ");
	n = (size_t)len;
	va_start(ap, fmt);
	len = vsnprintf(line + n, cap - n, fmt, ap);
	va_end(ap);
	if (len > 0)
		n += (size_t)len < cap - n ? (size_t)len : cap - n - 1;
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, n);
}
