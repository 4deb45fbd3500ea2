"""`python -m milonga.serving`: serve one model in the foreground."""

from milonga.serving.server import main

if __name__ == "__main__":
    main()
