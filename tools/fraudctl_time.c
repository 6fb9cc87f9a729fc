/* Times of logs. The calendar is the proleptic Gregorian one, without leap
 * seconds: second 60 is the one behind it, as in time_t. */

#include "fraudctl_log.h"

#include <string.h>

#include "err.h"

struct fields {
	int64_t year, month, day, hour, minute, second, ms, zone; /* zone: s */
};

struct digits {
	const char *at;
	size_t left;
};

/* Exactly so many digits. */
static bool
take(struct digits *d, size_t n, int64_t *out)
{
	int64_t value = 0;
	size_t i;

	if (d->left < n)
		return false;
	for (i = 0; i < n; i++) {
		if (d->at[i] < '0' || d->at[i] > '9')
			return false;
		value = value * 10 + (d->at[i] - '0');
	}
	d->at += n;
	d->left -= n;
	*out = value;
	return true;
}

static bool
byte(struct digits *d, const char *any)
{
	if (d->left == 0 || *d->at == '\0' || strchr(any, *d->at) == NULL)
		return false;
	d->at++;
	d->left--;
	return true;
}

/* ".5": thousandths; digits behind them count for nothing. */
static bool
fraction(struct digits *d, int64_t *ms)
{
	int64_t digit, scale = 100;

	*ms = 0;
	if (!byte(d, "."))
		return true;
	if (!take(d, 1, &digit))
		return false;
	do {
		*ms += digit * scale;
		scale /= 10;
	} while (take(d, 1, &digit));
	return true;
}

/* Z, +01:00 or +0100. */
static bool
zone(struct digits *d, int64_t *out)
{
	int64_t hours, minutes, sign;

	*out = 0;
	if (byte(d, "Zz"))
		return true;
	if (d->left == 0)
		return false;
	sign = *d->at == '-' ? -1 : 1;
	if (!byte(d, "+-") || !take(d, 2, &hours))
		return false;
	(void)byte(d, ":");
	if (!take(d, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*out = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* Days from 1970-01-01, counted in years that begin in March. */
static int64_t
days(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day -
	    1 - 719468;
}

static int
finish(const struct fields *f, int64_t *ms_out)
{
	int64_t s;

	if (f->year < 1970 || f->month < 1 || f->month > 12 || f->day < 1 ||
	    days(f->year, f->month, f->day) >=
		(f->month == 12 ? days(f->year + 1, 1, 1) :
				  days(f->year, f->month + 1, 1)) ||
	    f->hour > 23 || f->minute > 59 || f->second > 60)
		return E_SYNTAX;
	s = days(f->year, f->month, f->day) * 86400 + f->hour * 3600 +
	    f->minute * 60 + f->second - f->zone;
	if (s < 0)
		return E_SYNTAX;
	*ms_out = s * 1000 + f->ms;
	return 0;
}

/* Seconds since 1970, with a fraction. */
static int
read_seconds(const char *text, size_t n, int64_t *ms_out)
{
	struct digits d = { text, n };
	int64_t seconds = 0, digit, ms;
	size_t count;

	for (count = 0; take(&d, 1, &digit); count++) {
		if (count == 11)
			return E_SYNTAX;
		seconds = seconds * 10 + digit;
	}
	if (count == 0 || !fraction(&d, &ms) || d.left != 0)
		return E_SYNTAX;
	*ms_out = seconds * 1000 + ms;
	return 0;
}

int
log_time(const char *text, size_t n, int64_t *ms_out)
{
	struct digits d = { text, n };
	struct fields f;

	if (read_seconds(text, n, ms_out) == 0)
		return 0;
	if (!take(&d, 4, &f.year) || !byte(&d, "-") || !take(&d, 2, &f.month) ||
	    !byte(&d, "-") || !take(&d, 2, &f.day) || !byte(&d, "Tt ") ||
	    !take(&d, 2, &f.hour) || !byte(&d, ":") ||
	    !take(&d, 2, &f.minute) || !byte(&d, ":") ||
	    !take(&d, 2, &f.second) || !fraction(&d, &f.ms) ||
	    !zone(&d, &f.zone) || d.left != 0)
		return E_SYNTAX;
	return finish(&f, ms_out);
}

int
log_web_time(const char *text, size_t n, int64_t *ms_out)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct digits d = { text, n };
	struct fields f = { .ms = 0 };

	if (!take(&d, 2, &f.day) || !byte(&d, "/") || d.left < 4)
		return E_SYNTAX;
	for (f.month = 1; f.month <= 12; f.month++) {
		if (memcmp(names + 3 * (f.month - 1), d.at, 3) == 0)
			break;
	}
	d.at += 3;
	d.left -= 3;
	if (!byte(&d, "/") || !take(&d, 4, &f.year) || !byte(&d, ":") ||
	    !take(&d, 2, &f.hour) || !byte(&d, ":") ||
	    !take(&d, 2, &f.minute) || !byte(&d, ":") ||
	    !take(&d, 2, &f.second) || !byte(&d, " ") || !zone(&d, &f.zone) ||
	    d.left != 0)
		return E_SYNTAX;
	return finish(&f, ms_out);
}
