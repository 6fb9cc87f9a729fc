/*
 * Where the shared object is: in $(libdir)/jwtgate of the tree that whoever
 * asks was installed in, which need not be the root of the file system; or,
 * in a build that was not installed, in common/ of its folder. The names of
 * the folders are those of the build; the environment, the working directory
 * and the loader's search path are not asked.
 */

#include "directory_driver.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "str.h"

#define OBJECT "jwtgate-ldap.so"
#define BUILT "common/.libs/" OBJECT

/* Where what asks may have been installed. */
static const char *const homes[] = { JWTGATE_BIN_DIR, JWTGATE_PAM_DIR,
	JWTGATE_SASL_DIR };

/* The folder this code was loaded from. "" when it cannot be told. */
static void
find_own_folder(char buf[PATH_MAX])
{
	struct link_map *map = NULL;
	Dl_info info;
	char *slash;
	ssize_t n;

	buf[0] = '\0';
	if (dladdr1((const void *)homes, &info, (void **)&map,
		RTLD_DL_LINKMAP) == 0 ||
	    map == NULL)
		return;
	if (map->l_name[0] == '/') {
		(void)snprintf(buf, PATH_MAX, "%s", map->l_name);
	} else if (map->l_name[0] == '\0') {
		/* the program itself, of which the loader has no full name */
		n = readlink("/proc/self/exe", buf, PATH_MAX - 1);
		buf[n > 0 ? n : 0] = '\0';
	}
	slash = strrchr(buf, '/');
	if (slash != NULL)
		*slash = '\0';
}

/* Whether folder ends with home; then what stands before is the root. */
static bool
find_root(const char *folder, size_t *root_len)
{
	size_t n = strlen(folder), i, h;

	for (i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		h = strlen(homes[i]);
		if (h == 0 || h > n || strcmp(folder + n - h, homes[i]) != 0)
			continue;
		*root_len = n - h;
		return true;
	}
	return false;
}

static void *
open_at(const char *path, struct str *why)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const char *said = handle == NULL ? dlerror() : NULL;

	/* the first that is there and cannot be used says why */
	if (handle == NULL && said != NULL &&
	    (why->len == 0 || access(path, F_OK) == 0))
		str_printable(why->data, why->cap, said, strlen(said));
	return handle;
}

static void *
find(struct str *why)
{
	static const char *const built[] = { "..", "../.." };
	char folder[PATH_MAX], path[PATH_MAX];
	struct str s;
	void *handle = NULL;
	size_t i, root;

	find_own_folder(folder);
	str_init(&s, path, sizeof(path));
	if (find_root(folder, &root)) {
		str_add_bytes(&s, folder, root);
		str_add(&s, JWTGATE_LIB_DIR "/" OBJECT);
		return s.full ? NULL : open_at(path, why);
	}
	for (i = 0; i < 2 && handle == NULL && folder[0] == '/'; i++) {
		str_init(&s, path, sizeof(path));
		str_addf(&s, "%s/%s/" BUILT, folder, built[i]);
		handle = s.full ? NULL : open_at(path, why);
	}
	/* merged /usr: what was installed in one is loaded from the other */
	return handle != NULL ? handle :
				open_at(JWTGATE_LIB_DIR "/" OBJECT, why);
}

int
directory_load(const struct directory_driver **out, struct err *e)
{
	char text[ERR_TEXT_MAX - 64];
	const struct directory_driver *driver = NULL;
	struct str why;
	void *handle;

	str_init(&why, text, sizeof(text));
	handle = find(&why);
	if (handle != NULL)
		driver = dlsym(handle, DIRECTORY_DRIVER_SYMBOL);
	if (driver == NULL)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "what speaks LDAP cannot be loaded: %s", text);
	if (strcmp(driver->version, PACKAGE_VERSION) != 0)
		return err_set(e, E_DIRECTORY_UNAVAILABLE,
		    "another version was installed; start this anew");
	*out = driver;
	return 0;
}

int
directory_preload(struct err *e)
{
	const struct directory_driver *driver;

	return directory_load(&driver, e);
}
