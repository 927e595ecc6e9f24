#include "tests/httpd/inside.h"
int inside_conf(void)
{
    return 0;
}
