# expect: E146 error; Collected of a part; collect the whole value
import milonga as ml


@ml.component
def measure(number: int) -> dict[str, float]:
    return {"mean": number / 2}


@ml.component
def best(values: list) -> None:
    print(values)


@ml.pipeline
def flow() -> None:
    with ml.ParallelFor([1, 2]) as number:
        measured = measure(number)
    best(ml.Collected(measured["mean"]))  # <- E146  # mended: best(ml.Collected(measured))
