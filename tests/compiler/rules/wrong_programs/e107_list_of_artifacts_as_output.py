# expect: E107 error; no single artifact; ml.Collected
import milonga as ml


@ml.component  # <- E107
def split(count: int) -> list[ml.Dataset]:  # mended: def split(count: int) -> ml.Dataset:
    return [ml.Dataset.create()]  # mended: return ml.Dataset.create()


@ml.pipeline
def flow(count: int = 2) -> None:
    split(count)
