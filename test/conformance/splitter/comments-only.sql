-- nothing; here
/* nor; /* here */ */ -- '
