/*
 * settings_default: the rules of a file that names none. Which attack each of
 * them stops, and whom it may hurt, stands in doc/THREATS.md; etc/fraudd.json
 * spells them out, and a test holds the two together.
 */

#include "settings_priv.h"

/* clang-format off */
const char settings_default_rules[] = "["
    "{\"name\":\"card-shotgun\",\"event\":\"card\"},"

    "{\"name\":\"login-users\",\"event\":\"login\",\"key\":\"ip\","
    "\"when\":[\"ip\",\"user\",\"exists!=0\"],"
    "\"count\":\"distinct user\",\"limit\":20,\"window\":3600,"
    "\"extend\":\"distinct\"},"

    "{\"name\":\"login-users-net\",\"event\":\"login\",\"key\":\"ip\","
    "\"prefix6\":64,\"when\":[\"ip\",\"user\",\"exists!=0\"],"
    "\"count\":\"distinct user\",\"limit\":40,\"window\":3600,"
    "\"extend\":\"distinct\"},"

    "{\"name\":\"login-unknown\",\"event\":\"login\",\"key\":\"ip\","
    "\"prefix6\":64,\"when\":[\"ip\",\"user\",\"exists=0\"],"
    "\"count\":\"distinct user\",\"limit\":10,\"window\":3600,"
    "\"extend\":\"distinct\"},"

    "{\"name\":\"login-passwords\",\"event\":\"login\",\"key\":\"user\","
    "\"when\":[\"user\",\"password\",\"exists!=0\"],"
    "\"count\":\"distinct password\",\"limit\":20,\"window\":3600,"
    "\"extend\":\"distinct\",\"trust\":1209600},"

    "{\"name\":\"login-rate\",\"event\":\"login\",\"key\":\"ip\","
    "\"prefix6\":64,\"when\":[\"ip\"],"
    "\"count\":\"attempts\",\"limit\":120,\"window\":60,"
    "\"extend\":\"none\"},"

    "{\"name\":\"token-addresses\",\"event\":\"token\",\"key\":\"token\","
    "\"when\":[\"ip\",\"token\"],"
    "\"count\":\"distinct ip\",\"limit\":6,\"window\":3600,"
    "\"extend\":\"distinct\"},"

    "{\"name\":\"login-sessions\",\"event\":\"login\",\"key\":\"user\","
    "\"count\":\"sessions\",\"limit\":50,\"window\":86400}"
    "]";
/* clang-format on */
