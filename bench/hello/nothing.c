/* What a program has that does nothing. */
int main(void) {
    return 0;
}
