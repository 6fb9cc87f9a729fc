# Probes of compiler and linker flags. A flag is used only when a test
# program compiles and links with it under -Werror, so that an older
# compiler loses a warning and not the build.

# JWTGATE_TRY_FLAGS(FLAGS, [IF-YES], [IF-NO])
# FLAGS go to the compiler both when it compiles and when it links: clang
# complains about some only in the second place.
AC_DEFUN([JWTGATE_TRY_FLAGS], [
	jwtgate_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([[
		struct pair { int a; char b[16]; };
		int take(struct pair *p);
		int take(struct pair *p) { return p->a + p->b[0]; }
	]], [[
		struct pair p = { 1, "x" };
		return take(&p) == 0;
	]])], [jwtgate_try=yes], [jwtgate_try=no])
	CFLAGS=$jwtgate_save_CFLAGS
	AS_IF([test "$jwtgate_try" = yes], [$2], [$3])
])

# JWTGATE_ADD_FLAGS(VARIABLE, FLAG...)
# Appends to VARIABLE each FLAG of the list that works.
AC_DEFUN([JWTGATE_ADD_FLAGS], [
	for jwtgate_flag in m4_normalize([$2]); do
		AC_MSG_CHECKING([whether $CC takes $jwtgate_flag])
		JWTGATE_TRY_FLAGS([$jwtgate_flag],
			[AC_MSG_RESULT([yes])
			 AS_VAR_APPEND([$1], [" $jwtgate_flag"])],
			[AC_MSG_RESULT([no])])
	done
])

# JWTGATE_PAM_DIR
# Sets PAM_DIR. Under /usr the modules belong where the system's own are:
# libpam looks nowhere else for a module named without a path.
AC_DEFUN([JWTGATE_PAM_DIR], [
	AC_ARG_WITH([pam-dir],
		[AS_HELP_STRING([--with-pam-dir=DIR],
			[where pam_jwt.so goes @<:@the system's module directory
			 under --prefix=/usr, else LIBDIR/security@:>@])],
		[], [with_pam_dir=])
	AC_MSG_CHECKING([for the PAM module directory])
	AS_CASE([$with_pam_dir],
		[yes | no], [AC_MSG_ERROR([--with-pam-dir needs a directory])],
		['' | /*], [],
		[AC_MSG_ERROR([--with-pam-dir: "$with_pam_dir" is not an absolute path])])
	PAM_DIR=$with_pam_dir
	AS_IF([test -z "$PAM_DIR" && test "$prefix" = /usr && \
	    test "$libdir" = '${exec_prefix}/lib'], [
		jwtgate_pc=`$PKG_CONFIG --variable=libdir pam 2>/dev/null`
		jwtgate_multi=`$CC $CFLAGS -print-multiarch 2>/dev/null`
		for jwtgate_dir in "/usr$jwtgate_pc" "$jwtgate_pc" \
		    "/usr/lib/$jwtgate_multi" /usr/lib64 /usr/lib; do
			AS_CASE([$jwtgate_dir], [/usr/?*], [], [continue])
			AS_IF([test -d "$jwtgate_dir/security"],
				[PAM_DIR=$jwtgate_dir/security; break])
		done
	])
	AS_IF([test -z "$PAM_DIR"], [PAM_DIR='${libdir}/security'])
	AC_MSG_RESULT([$PAM_DIR])
	AC_SUBST([PAM_DIR])
])

# JWTGATE_SASL_DIR
# Sets SASL_DIR. Under /usr the plugin belongs where the system's own are:
# libsasl looks nowhere else.
AC_DEFUN([JWTGATE_SASL_DIR], [
	AC_ARG_WITH([sasl-dir],
		[AS_HELP_STRING([--with-sasl-dir=DIR],
			[where libjwtgate_sasl.so goes @<:@the system's plugin
			 directory under --prefix=/usr, else LIBDIR/sasl2@:>@])],
		[], [with_sasl_dir=])
	AC_MSG_CHECKING([for the SASL plugin directory])
	AS_CASE([$with_sasl_dir],
		[yes | no], [AC_MSG_ERROR([--with-sasl-dir needs a directory])],
		['' | /*], [],
		[AC_MSG_ERROR([--with-sasl-dir: "$with_sasl_dir" is not an absolute path])])
	SASL_DIR=$with_sasl_dir
	AS_IF([test -z "$SASL_DIR" && test "$prefix" = /usr && \
	    test "$libdir" = '${exec_prefix}/lib'], [
		jwtgate_pc=`$PKG_CONFIG --variable=libdir libsasl2 2>/dev/null`
		jwtgate_multi=`$CC $CFLAGS -print-multiarch 2>/dev/null`
		for jwtgate_dir in "$jwtgate_pc" "/usr/lib/$jwtgate_multi" \
		    /usr/lib64 /usr/lib; do
			AS_CASE([$jwtgate_dir], [/usr/?*], [], [continue])
			AS_IF([test -d "$jwtgate_dir/sasl2"],
				[SASL_DIR=$jwtgate_dir/sasl2; break])
		done
	])
	AS_IF([test -z "$SASL_DIR"], [SASL_DIR='${libdir}/sasl2'])
	AC_MSG_RESULT([$SASL_DIR])
	AC_SUBST([SASL_DIR])
])
