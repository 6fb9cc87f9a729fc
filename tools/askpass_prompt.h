/*
 * askpass_prompt: the one kind of prompt that is answered.
 */

#ifndef JWTGATE_ASKPASS_PROMPT_H
#define JWTGATE_ASKPASS_PROMPT_H

#include <stddef.h>

#define ASKPASS_TARGET_MAX 320 /* bytes of user@host */
#define ASKPASS_OFFSET_MAX (16 * 1024)
#define ASKPASS_CHUNK_MAX 1000
#define ASKPASS_SUDO "sudo" /* the target of a prompt without user@host */

struct askpass_prompt {
	char target[ASKPASS_TARGET_MAX + 1];
	size_t offset;
	size_t chunk;
};

/*
 * Takes "(user@host) JWT[OFFSET+CHUNK]: " or "JWT[OFFSET+CHUNK]: " apart.
 * The whole of text has to match. Returns 0 or E_SYNTAX; *out is untouched
 * then.
 */
int askpass_prompt_parse(const char *text, struct askpass_prompt *out);

#endif
