/* The least that there is to start: writes a line, or with an argument waits for a signal. */
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		pause();
	return write(STDOUT_FILENO, "hello\n", 6) != 6;
}
