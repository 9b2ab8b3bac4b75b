/** One command per file. */
