#include "tests/httpd/inside.h"
int inside_words(void)
{
    return 0;
}
