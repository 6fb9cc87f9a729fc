/*
 * Preloaded into stock hosts under test, so that they run as they are on a
 * machine whose /etc is not ours to change: the PAM services come from
 * TEST_PAM_CONFDIR, and what the host says to syslog is appended to the file
 * TEST_SYSLOG. (Test users come from nss_wrapper, which is preloaded too.)
 * With TEST_NO_USERS the name service is out of order.
 *
 * The environment is read once, at load: sshd's keyboard-interactive child
 * empties it. The log is opened for each line: sshd closes descriptors that
 * it does not know.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_appl.h>

#define LINE_MAX_BYTES 8192

static char confdir[4096];
static char log_path[4096];
static char ident[64] = "host";
static bool no_users;

static void __attribute__((constructor)) start(void)
{
	const char *value;

	if ((value = getenv("TEST_PAM_CONFDIR")) != NULL)
		snprintf(confdir, sizeof(confdir), "%s", value);
	if ((value = getenv("TEST_SYSLOG")) != NULL)
		snprintf(log_path, sizeof(log_path), "%s", value);
	no_users = getenv("TEST_NO_USERS") != NULL;
}

int
getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t cap,
    struct passwd **found)
{
	int (*next)(
	    const char *, struct passwd *, char *, size_t, struct passwd **);

	*found = NULL;
	*(void **)&next = dlsym(RTLD_NEXT, "getpwnam_r");
	return no_users || next == NULL ? EIO : next(name, pw, buf, cap, found);
}

int
pam_start(const char *service, const char *user, const struct pam_conv *conv,
    pam_handle_t **pamh)
{
	return pam_start_confdir(
	    service, user, conv, confdir[0] != '\0' ? confdir : NULL, pamh);
}

void
openlog(const char *name, int option, int facility)
{
	(void)option;
	(void)facility;
	if (name != NULL)
		snprintf(ident, sizeof(ident), "%s", name);
}

void
closelog(void)
{
}

void
vsyslog(int priority, const char *format, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int fd, n;

	n = snprintf(line, sizeof(line), "<%d>%s[%d]: ", priority & 7, ident,
	    (int)getpid());
	if (vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, ap) < 0)
		return;
	n = (int)strlen(line);
	line[n++] = '\n';
	fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, line, (size_t)n) != n)
		line[0] = '\0'; /* there is nobody to tell */
	close(fd);
}

void
syslog(int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsyslog(priority, format, ap);
	va_end(ap);
}

void __vsyslog_chk(int priority, int flag, const char *format, va_list ap)
    __attribute__((format(printf, 3, 0)));
void __syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void
__vsyslog_chk(int priority, int flag, const char *format, va_list ap)
{
	(void)flag;
	vsyslog(priority, format, ap);
}

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, format);
	vsyslog(priority, format, ap);
	va_end(ap);
}
