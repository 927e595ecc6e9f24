#include "tests/httpd/inside.h"
int inside_show(void)
{
    return 0;
}
