# expect: E258 warning; environment variable 'STORE_PASSWORD'; .options(secrets=
import milonga as ml

HIDDEN = {"STORE_PASSWORD": "store/password"}
SHOWN = {"STORE_PASSWORD": "correct-horse"}


@ml.component
def load(name: str) -> None:
    print(name)


@ml.pipeline
def flow(name: str = "table") -> None:
    load.options(environment=SHOWN)(name)  # <- E258  # mended: load.options(secrets=HIDDEN)(name)
