"""Exports the scikit-learn estimators that `train_table` makes to ONNX, by hand: a pipeline of scaling and logistic
regression, a random forest, and boosted trees.

Trees become one `TreeEnsembleRegressor` (ai.onnx.ml 3, https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html),
whose targets are classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.model_input import INPUT_NAME, OUTPUT_NAME
from milonga.components.device_compilation.onnx_file import check_onnx, import_onnx, save_onnx
from milonga.errors import DeviceError

if TYPE_CHECKING:
    import numpy.typing as npt

OPSET, TREES_OPSET, IR_VERSION = 20, 3, 10


@dataclass(slots=True)
class Forest:
    """The node and leaf columns of a tree ensemble, in the order of ONNX's attributes. Filled by one function."""

    nodes: dict[str, list[Any]] = field(
        default_factory=lambda: {
            name: []
            for name in (
                *("treeids", "nodeids", "featureids", "modes", "values"),
                *("truenodeids", "falsenodeids", "missing_value_tracks_true"),
            )
        }
    )
    leaves: dict[str, list[Any]] = field(
        default_factory=lambda: {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    )

    def add_node(self, tree: int, node: int, *, feature: int, threshold: float, left: int, right: int) -> None:
        """A branch that goes left where the feature is at most `threshold`."""
        row = (tree, node, feature, "BRANCH_LEQ", threshold, left, right, 0)
        for column, value in zip(self.nodes.values(), row, strict=True):
            column.append(value)

    def add_leaf(self, tree: int, node: int, weights: list[tuple[int, float]]) -> None:
        """A leaf that adds each weight to its class."""
        for column, value in zip(self.nodes.values(), (tree, node, 0, "LEAF", 0.0, 0, 0, 0), strict=True):
            column.append(value)
        for target, weight in weights:
            for column, value in zip(self.leaves.values(), (tree, node, target, weight), strict=True):
                column.append(value)


def export_table(estimator: Any, target: Path, *, features: int, classes: int) -> int:
    """Write a fitted estimator to `target` as ONNX.

    Args:
        estimator: takes float32 `[n, features]`.
        target: the file to write.
        features: columns of the input.
        classes: class count; the estimator's classes must be 0 to `classes` - 1.

    Returns:
        The opset.

    Raises:
        DeviceError: E645, an estimator of another type or with other classes.
    """
    found = [int(label) for label in estimator.classes_]
    if found != list(range(classes)):
        raise DeviceError("E645", "the estimator knows other classes", got=str(found), expected=f"0 to {classes - 1}")
    onnx = import_onnx()
    graph = onnx.helper.make_graph(
        list(_nodes(estimator, classes)),
        "estimator",
        [onnx.helper.make_tensor_value_info(INPUT_NAME, onnx.TensorProto.FLOAT, ["batch", features])],
        [onnx.helper.make_tensor_value_info(OUTPUT_NAME, onnx.TensorProto.FLOAT, ["batch", classes])],
        initializer=_constants(estimator),
    )
    opsets = [onnx.helper.make_opsetid("", OPSET), onnx.helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
    save_onnx(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION), target)
    return check_onnx(target)


def _kind(estimator: Any) -> str:
    kind = type(estimator).__name__
    steps = [type(step).__name__ for _, step in getattr(estimator, "steps", ())]
    if kind == "Pipeline" and steps == ["StandardScaler", "LogisticRegression"]:
        return "logistic"
    if kind in ("RandomForestClassifier", "HistGradientBoostingClassifier"):
        return kind
    got = f"Pipeline of {', '.join(steps)}" if steps else kind
    expected = "a Pipeline of StandardScaler and LogisticRegression, a RandomForestClassifier, "
    expected += "or a HistGradientBoostingClassifier"
    raise DeviceError("E645", "estimators of this type cannot be exported to ONNX", got=got, expected=expected)


def _constants(estimator: Any) -> list[Any]:
    if _kind(estimator) != "logistic":
        return []
    import numpy as np

    scaler, classifier = estimator.steps[0][1], estimator.steps[1][1]
    coefficients, intercepts = classifier.coef_, classifier.intercept_
    if len(coefficients) == 1:
        # Two classes have one row: softmax of (0, d) is the pair (1 - sigmoid(d), sigmoid(d)).
        coefficients = np.vstack([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    values = {"mean": scaler.mean_, "scale": scaler.scale_, "weight": coefficients.T, "bias": intercepts}
    from_array = import_onnx().numpy_helper.from_array
    return [from_array(np.ascontiguousarray(value, dtype=np.float32), name=name) for name, value in values.items()]


def _nodes(estimator: Any, classes: int) -> Iterator[Any]:
    make_node = import_onnx().helper.make_node
    kind = _kind(estimator)
    if kind == "logistic":
        yield make_node("Sub", [INPUT_NAME, "mean"], ["centred"], name="centre")
        yield make_node("Div", ["centred", "scale"], ["scaled"], name="scale_features")
        yield make_node("Gemm", ["scaled", "weight", "bias"], ["logits"], name="classify")
        yield make_node("Softmax", ["logits"], [OUTPUT_NAME], axis=1, name="normalise")
    elif kind == "RandomForestClassifier":
        yield _ensemble(_forest(estimator), targets=classes, base=[], output=OUTPUT_NAME)
    else:
        base = [float(value) for value in estimator._baseline_prediction.ravel()]
        yield _ensemble(_boosted(estimator), targets=len(base), base=base, output="raw")
        if len(base) == 1:
            yield make_node("Sigmoid", ["raw"], ["second"], name="sigmoid")
            yield make_node("Neg", ["raw"], ["negated"], name="negate")
            yield make_node("Sigmoid", ["negated"], ["first"], name="complement")
            yield make_node("Concat", ["first", "second"], [OUTPUT_NAME], axis=1, name="join")
        else:
            yield make_node("Softmax", ["raw"], [OUTPUT_NAME], axis=1, name="normalise")


def _ensemble(forest: Forest, *, targets: int, base: list[float], output: str) -> Any:
    attributes: dict[str, Any] = {f"nodes_{name}": column for name, column in forest.nodes.items()}
    attributes |= {f"target_{name}": column for name, column in forest.leaves.items()}
    if base:
        attributes["base_values"] = base
    return import_onnx().helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT_NAME],
        [output],
        name="trees",
        domain="ai.onnx.ml",
        n_targets=targets,
        aggregate_function="SUM",
        post_transform="NONE",
        **attributes,
    )


def _forest(estimator: Any) -> Forest:
    forest = Forest()
    count = len(estimator.estimators_)
    for index, fitted in enumerate(estimator.estimators_):
        tree = fitted.tree_
        thresholds = round_down(tree.threshold)
        for node in range(tree.node_count):
            left, right = int(tree.children_left[node]), int(tree.children_right[node])
            if left == right:
                shares = tree.value[node, 0] / tree.value[node, 0].sum() / count
                forest.add_leaf(index, node, [(target, float(share)) for target, share in enumerate(shares)])
            else:
                feature, threshold = int(tree.feature[node]), float(thresholds[node])
                forest.add_node(index, node, feature=feature, threshold=threshold, left=left, right=right)
    return forest


def _boosted(estimator: Any) -> Forest:
    # scikit-learn has no public view of a boosted tree; the layout is that of its `TreePredictor.nodes`.
    forest = Forest()
    index = 0
    for stage in estimator._predictors:
        for target, predictor in enumerate(stage):
            thresholds = round_down(predictor.nodes["num_threshold"])
            for node, row in enumerate(predictor.nodes):
                if row["is_categorical"]:
                    raise DeviceError("E645", "boosted trees over categories cannot be exported to ONNX")
                if row["is_leaf"]:
                    forest.add_leaf(index, node, [(target, float(row["value"]))])
                else:
                    children = {"left": int(row["left"]), "right": int(row["right"])}
                    feature, threshold = int(row["feature_idx"]), float(thresholds[node])
                    forest.add_node(index, node, feature=feature, threshold=threshold, **children)
            index += 1
    return forest


def round_down(thresholds: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each float64 threshold as the largest float32 that is not above it.

    Features are float32: then x <= t holds before exactly when it holds after. Rounding to nearest would send a
    feature that lies between both the other way.
    """
    import numpy as np

    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf), dtype=np.float32)
    result: npt.NDArray[Any] = np.where(nearest > thresholds, below, nearest)
    return result
