# expect: E264 warning; inputs have names that differ only in case; 'Rate', 'rate'
import milonga as ml


@ml.component
def fit(rate: float, Rate: float) -> None:  # mended: def fit(rate: float, decay: float) -> None:
    print(rate)


@ml.pipeline
def flow(first: float = 0.1, second: float = 0.2) -> None:
    fit(first, second)  # <- E264
