/* The least that there is to start: writes a line, and with an argument waits for a signal. */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argv;
	if (write(STDOUT_FILENO, "hello\n", 6) != 6)
		return 1;
	if (argc > 1)
		pause();
	return 0;
}
