copy c from stdin;
no newline at the end
\.