"""``python -m schemagen``."""

from schemagen.cli import main

if __name__ == "__main__":
    main()
