/*
 * test_file: what is opened is what is judged, nothing is read that is not a
 * trusted regular file of bounded size, and a replacement is whole or not at
 * all.
 */

#include "testutil.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "file.h"

#define SOME 1000 /* a limit that does not matter */

static char dir[TEST_DIR_MAX];

static int
make_dir(void **state)
{
	(void)state;
	test_dir_new(dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	test_dir_remove(dir);
	return 0;
}

/* The path of dir/name; for names only the test uses. */
static const char *
in_dir(char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	return path;
}

static void
test_lengths(void **state)
{
	static const struct {
		const char *why;
		size_t n;
		size_t max;
		int want;
	} rows[] = {
		{ "empty", 0, 10, 0 },
		{ "empty, nothing allowed", 0, 0, 0 },
		{ "one byte, nothing allowed", 1, 0, E_RANGE },
		{ "below the limit", 9, 10, 0 },
		{ "at the limit", 10, 10, 0 },
		{ "over the limit", 11, 10, E_RANGE },
		{ "over a page", 5000, 5000, 0 },
		{ "no limit to speak of", 5000, SIZE_MAX, 0 },
	};
	char path[PATH_MAX], data[5000];
	struct err e = { 0 };
	struct file f;
	size_t i;
	int ret;

	(void)state;
	memset(data, 'd', sizeof(data));
	for (i = 0; i < COUNT_OF(rows); i++) {
		test_write(path, dir, "f", 0600, data, rows[i].n);
		err_clear(&e);
		memset(&f, 0x5a, sizeof(f));
		ret = file_read(path, rows[i].max, FILE_SECRET, &f, &e);
		if (ret != rows[i].want)
			fail_msg("%s: %d", rows[i].why, ret);
		assert_int_equal(e.code, ret);
		if (ret != 0) {
			assert_int_equal(f.mode, 0x5a5a5a5a);
			assert_non_null(strstr(e.text, path));
			continue;
		}
		assert_int_equal(f.len, rows[i].n);
		assert_memory_equal(f.data, data, f.len);
		assert_int_equal(f.data[f.len], '\0');
		assert_int_equal(f.mode, 0600);
		assert_int_equal(f.uid, geteuid());
		file_done(&f);
		assert_null(f.data);
		assert_int_equal(f.len, 0);
		file_done(&f);
	}
}

/* A file larger than all memory is refused before memory is asked for. */
static void
test_huge(void **state)
{
	char path[TEST_PATH_MAX];
	struct file f;

	(void)state;
	test_write(path, dir, "f", 0600, "x", 1);
	if (truncate(path, (off_t)1 << 43) != 0)
		skip();
	assert_int_equal(file_read(path, SOME, FILE_ANY, &f, NULL), E_RANGE);
}

/* Neither blocks: nobody ever opens the other end of the FIFO. */
static void
test_not_regular(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[PATH_MAX];
	struct err e = { 0 };
	struct file f;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(in_dir(path, "fifo"), 0600), 0);
	assert_int_equal(file_read(path, SOME, FILE_ANY, &f, &e), E_PERM);
	assert_non_null(strstr(e.text, "is not a regular file"));

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	in_dir(path, "socket");
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(file_read(path, SOME, FILE_ANY, &f, NULL), E_PERM);
	close(fd);

	assert_int_equal(file_read(dir, SOME, FILE_ANY, &f, NULL), E_PERM);
	assert_int_equal(
	    file_read("/dev/null", SOME, FILE_ANY, &f, NULL), E_PERM);
	assert_int_equal(
	    file_read("/dev/tty", SOME, FILE_ANY, &f, NULL) < 0, 1);
}

static void
test_missing(void **state)
{
	char path[PATH_MAX];
	struct file_id id;
	struct err e = { 0 };
	struct file f;

	(void)state;
	assert_int_equal(
	    file_read(in_dir(path, "no\nfile"), SOME, FILE_ANY, &f, &e), E_IO);
	assert_non_null(strstr(e.text, "no\\x0afile: cannot open: "));
	assert_non_null(strstr(e.text, strerror(ENOENT)));
	assert_int_equal(file_identify(path, &id, NULL), E_IO);
	assert_int_equal(file_read("", SOME, FILE_ANY, &f, NULL), E_IO);
}

/* Files of /proc tell no size; this one cannot even be read. */
static void
test_no_size(void **state)
{
	struct err e = { 0 };
	struct file f;

	(void)state;
	assert_int_equal(
	    file_read("/proc/self/smaps", 1 << 22, FILE_ANY, &f, &e), 0);
	assert_int_equal(f.id.size, 0);
	assert_true(f.len > 4096);
	assert_int_equal(strlen(f.data), f.len);
	file_done(&f);

	assert_int_equal(
	    file_read("/proc/self/smaps", 5000, FILE_ANY, &f, &e), E_RANGE);
	err_clear(&e);
	assert_int_equal(
	    file_read("/proc/self/mem", SOME, FILE_ANY, &f, &e), E_IO);
	assert_non_null(strstr(e.text, "cannot read"));
}

static void
test_link_is_followed(void **state)
{
	char path[PATH_MAX], link[PATH_MAX];
	struct file f;

	(void)state;
	test_write(path, dir, "target", 0644, "text", 4);
	assert_int_equal(symlink("target", in_dir(link, "link")), 0);
	assert_int_equal(file_read(link, SOME, FILE_PUBLIC, &f, NULL), 0);
	assert_string_equal(f.data, "text");
	file_done(&f);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(file_read(link, SOME, FILE_PUBLIC, &f, NULL), E_PERM);
	assert_int_equal(symlink("loop", in_dir(link, "loop")), 0);
	assert_int_equal(file_read(link, SOME, FILE_PUBLIC, &f, NULL), E_IO);
}

static void
test_modes(void **state)
{
	static const struct {
		mode_t mode;
		int want_public;
		int want_secret;
	} rows[] = {
		{ 0400, 0, 0 },
		{ 0600, 0, 0 },
		{ 0640, 0, 0 },
		{ 0644, 0, E_PERM },
		{ 0604, 0, E_PERM },
		{ 0444, 0, E_PERM },
		{ 0755, 0, E_PERM },
		{ 0711, 0, 0 },
		{ 0660, E_PERM, E_PERM },
		{ 0620, E_PERM, E_PERM },
		{ 0602, E_PERM, E_PERM },
		{ 0666, E_PERM, E_PERM },
	};
	char path[PATH_MAX];
	struct file f;
	size_t i;
	int ret;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		test_write(path, dir, "f", rows[i].mode, "x", 1);
		ret = file_read(path, SOME, FILE_PUBLIC, &f, NULL);
		if (ret != rows[i].want_public)
			fail_msg("%o public: %d", rows[i].mode, ret);
		if (ret == 0)
			file_done(&f);
		ret = file_read(path, SOME, FILE_SECRET, &f, NULL);
		if (ret != rows[i].want_secret)
			fail_msg("%o secret: %d", rows[i].mode, ret);
		if (ret == 0)
			file_done(&f);
		assert_int_equal(file_read(path, SOME, FILE_ANY, &f, NULL), 0);
		assert_int_equal(f.mode, rows[i].mode);
		assert_int_equal(file_judge(path, &f, FILE_SECRET, NULL),
		    rows[i].want_secret);
		file_done(&f);
	}
}

static void
test_owner(void **state)
{
	static const enum file_trust trusts[] = { FILE_PUBLIC, FILE_SECRET };
	struct err e = { 0 };
	struct file f = { .mode = 0600 };
	char path[PATH_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(trusts); i++) {
		f.uid = 0;
		assert_int_equal(file_judge("p", &f, trusts[i], &e), 0);
		f.uid = geteuid();
		assert_int_equal(file_judge("p", &f, trusts[i], &e), 0);
		f.uid = geteuid() + 1;
		assert_int_equal(file_judge("p", &f, trusts[i], NULL), E_PERM);
		assert_int_equal(file_judge("p", &f, FILE_ANY, &e), 0);
	}
	assert_int_equal(e.code, 0);
	if (geteuid() != 0)
		return;
	test_write(path, dir, "f", 0600, "x", 1);
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	assert_int_equal(file_read(path, SOME, FILE_PUBLIC, &f, &e), E_PERM);
	assert_non_null(strstr(e.text, "belongs to another user"));
}

static void
read_one(void *arg)
{
	struct file f = { .data = NULL };
	struct err e = { 0 };
	int ret;

	ret = file_read(arg, 1 << 22, FILE_ANY, &f, &e);
	if (ret == 0) {
		file_done(&f);
	} else {
		assert_true(alloc_failed());
		assert_int_equal(ret, E_NOMEM);
		assert_int_equal(e.code, E_NOMEM);
		assert_null(f.data);
	}
}

static void
test_out_of_memory(void **state)
{
	char path[PATH_MAX], proc[] = "/proc/self/smaps";
	unsigned long works = alloc_fail_works();

	(void)state;
	test_write(path, dir, "f", 0600, "text", 4);
	assert_int_equal(for_each_alloc_failure(read_one, path), works);
	assert_true(for_each_alloc_failure(read_one, proc) >= 2 * works);
}

static void
test_wiped(void **state)
{
	static const char shibboleth[] = "shibboleth-3f1b7c";
	char path[PATH_MAX], data[6000];
	struct file f;

	(void)state;
	memset(data, 'x', sizeof(data));
	memcpy(data + 100, shibboleth, sizeof(shibboleth) - 1);
	test_write(path, dir, "f", 0600, data, sizeof(data));
	secret_watch(shibboleth, sizeof(shibboleth) - 1);
	assert_int_equal(file_read(path, 8000, FILE_SECRET, &f, NULL), 0);
	assert_non_null(strstr(f.data, shibboleth));
	file_done(&f);
	assert_int_equal(secret_leaks(), 0);

	/* grown on the way, and failed after it was read */
	secret_watch("VmFlags", 7);
	assert_int_equal(
	    file_read("/proc/self/smaps", 10000, FILE_ANY, &f, NULL), E_RANGE);
	assert_int_equal(secret_leaks(), 0);
}

static void
test_chomp(void **state)
{
	static const struct {
		const char *why;
		const char *input;
		const char *want;
	} rows[] = {
		{ "none", "secret", "secret" },
		{ "one", "secret\n", "secret" },
		{ "only one of two", "secret\n\n", "secret\n" },
		{ "CR stays", "secret\r\n", "secret\r" },
		{ "in the middle", "sec\nret", "sec\nret" },
		{ "nothing but it", "\n", "" },
		{ "nothing", "", "" },
	};
	char path[PATH_MAX];
	struct file f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		test_write(
		    path, dir, "f", 0600, rows[i].input, strlen(rows[i].input));
		assert_int_equal(
		    file_read(path, SOME, FILE_SECRET, &f, NULL), 0);
		file_chomp(&f);
		assert_int_equal(f.len, strlen(rows[i].want));
		if (strcmp(f.data, rows[i].want) != 0)
			fail_msg("%s", rows[i].why);
		file_done(&f);
	}
}

static void
test_identity(void **state)
{
	const struct timespec then[2] = { { 1, 2 }, { 3, 4 } };
	struct file_id was, now, base;
	char path[PATH_MAX], other[PATH_MAX];
	struct file f;

	(void)state;
	test_write(path, dir, "f", 0600, "abc", 3);
	assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
	assert_int_equal(file_read(path, SOME, FILE_SECRET, &f, NULL), 0);
	was = f.id;
	file_done(&f);
	assert_int_equal(file_identify(path, &now, NULL), 0);
	assert_true(file_same(&was, &now));
	assert_int_equal(now.mtime_sec, 3);
	assert_int_equal(now.mtime_nsec, 4);

	/* the same size and time, but another file */
	test_write(other, dir, "g", 0600, "abd", 3);
	assert_int_equal(utimensat(AT_FDCWD, other, then, 0), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(file_identify(path, &now, NULL), 0);
	assert_int_equal(now.mtime_sec, 3);
	assert_false(file_same(&was, &now));

	base = was;
	was.size++;
	assert_false(file_same(&was, &base));
	was = base;
	was.mtime_sec++;
	assert_false(file_same(&was, &base));
	was = base;
	was.mtime_nsec++;
	assert_false(file_same(&was, &base));
	was = base;
	was.dev++;
	assert_false(file_same(&was, &base));
}

static void
assert_content(const char *path, mode_t mode, const char *want)
{
	struct file f;

	assert_int_equal(file_read(path, 1 << 20, FILE_ANY, &f, NULL), 0);
	assert_string_equal(f.data, want);
	assert_int_equal(f.mode, mode);
	file_done(&f);
}

/* Entries of dir: what a failure leaves behind would be one. */
static size_t
count_entries(void)
{
	char pattern[PATH_MAX];
	size_t n = 0;
	FILE *ls;
	int c;

	snprintf(pattern, sizeof(pattern), "ls -A '%s'", dir);
	ls = popen(pattern, "r");
	assert_non_null(ls);
	while ((c = fgetc(ls)) != EOF)
		n += c == '\n';
	pclose(ls);
	return n;
}

static void
test_replace(void **state)
{
	struct file_id was, now;
	char path[PATH_MAX];
	struct stat st;
	mode_t mask;

	(void)state;
	mask = umask(077);
	in_dir(path, "f");
	assert_int_equal(file_replace(path, 0644, "one", 3, NULL), 0);
	assert_content(path, 0644, "one");
	assert_int_equal(file_identify(path, &was, NULL), 0);
	umask(0);
	assert_int_equal(file_replace(path, 0400, "three", 5, NULL), 0);
	umask(mask);
	assert_content(path, 0400, "three");
	assert_int_equal(file_identify(path, &now, NULL), 0);
	assert_int_not_equal(was.ino, now.ino);
	assert_int_equal(file_replace(path, 0600, NULL, 0, NULL), 0);
	assert_content(path, 0600, "");
	assert_int_equal(count_entries(), 1);

	/* a link is replaced, its target left alone */
	assert_int_equal(symlink("f", in_dir(path, "link")), 0);
	assert_int_equal(file_replace(path, 0600, "new", 3, NULL), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_content(in_dir(path, "f"), 0600, "");
	assert_int_equal(count_entries(), 2);
}

static void
test_replace_here(void **state)
{
	char path[PATH_MAX];
	int cwd;

	(void)state;
	cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(cwd >= 0);
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(file_replace("plain", 0600, "x", 1, NULL), 0);
	assert_int_equal(fchdir(cwd), 0);
	close(cwd);
	assert_content(in_dir(path, "plain"), 0600, "x");
}

static void
test_replace_fails(void **state)
{
	char path[PATH_MAX], name[NAME_MAX + 1], big[PATH_MAX + 10];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(mkdir(in_dir(path, "sub"), 0700), 0);
	assert_int_equal(file_replace(path, 0600, "x", 1, &e), E_IO);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(
	    file_replace(in_dir(path, "none/f"), 0600, "x", 1, NULL), E_IO);
	assert_int_equal(
	    file_replace(in_dir(path, "sub/"), 0600, "x", 1, NULL), E_IO);
	assert_int_equal(
	    file_replace(in_dir(path, "."), 0600, "x", 1, NULL), E_IO);
	assert_int_equal(
	    file_replace(in_dir(path, ".."), 0600, "x", 1, NULL), E_IO);
	assert_int_equal(file_replace("", 0600, "x", 1, NULL), E_IO);

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_int_equal(
	    file_replace(in_dir(path, name), 0600, "x", 1, NULL), E_IO);
	memset(big, '/', sizeof(big));
	memcpy(big + sizeof(big) - 2, "f", 2);
	assert_int_equal(file_replace(big, 0600, "x", 1, NULL), E_IO);
	assert_int_equal(count_entries(), 1);
}

/* A full disk, as far as a process without privileges can have one. */
static void
test_disk_full(void **state)
{
	struct rlimit was, little;
	char path[PATH_MAX], data[4096];
	struct err e = { 0 };
	int ret;

	(void)state;
	memset(data, 'd', sizeof(data));
	in_dir(path, "f");
	assert_int_equal(file_replace(path, 0600, "old", 3, NULL), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	little = was;
	little.rlim_cur = 100;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	ret = file_replace(path, 0600, data, sizeof(data), &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(ret, E_IO);
	assert_non_null(strstr(e.text, "cannot replace"));
	assert_content(path, 0600, "old");
	assert_int_equal(count_entries(), 1);
}

/* Whatever happens, no descriptor stays open. */
static void
test_descriptors(void **state)
{
	char path[PATH_MAX];
	struct file f;
	int before, after;

	(void)state;
	before = open("/", O_RDONLY | O_CLOEXEC);
	close(before);
	test_write(path, dir, "f", 0666, "x", 1);
	assert_int_equal(file_read(path, SOME, FILE_PUBLIC, &f, NULL), E_PERM);
	assert_int_equal(file_read(path, 0, FILE_ANY, &f, NULL), E_RANGE);
	assert_int_equal(file_read(dir, 0, FILE_ANY, &f, NULL), E_PERM);
	assert_int_equal(file_read(path, SOME, FILE_ANY, &f, NULL), 0);
	file_done(&f);
	assert_int_equal(file_replace(path, 0600, "x", 1, NULL), 0);
	assert_int_equal(mkdir(in_dir(path, "sub"), 0700), 0);
	assert_int_equal(file_replace(path, 0600, "x", 1, NULL), E_IO);
	after = open("/", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_lengths),
		CASE(test_huge),
		CASE(test_not_regular),
		CASE(test_missing),
		CASE(test_no_size),
		CASE(test_link_is_followed),
		CASE(test_modes),
		CASE(test_owner),
		CASE(test_out_of_memory),
		CASE(test_wiped),
		CASE(test_chomp),
		CASE(test_identity),
		CASE(test_replace),
		CASE(test_replace_here),
		CASE(test_replace_fails),
		CASE(test_disk_full),
		CASE(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
