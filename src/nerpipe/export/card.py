"""The model card: README.md of the exported folder."""

import dataclasses
from collections.abc import Mapping, Sequence
from importlib.resources import files

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from nerpipe.contracts.escapes import markdown_code, markdown_text
from nerpipe.contracts.reports import CleanRow, MainScores, TestScores, TypeRow
from nerpipe.evaluation.score_table import note_on
from nerpipe.evaluation.units import support_cell
from nerpipe.export.network_comparison import LEAST_AGREEMENT, NetworkComparison, drop_in_words
from nerpipe.export.onnx_files import OPSET
from nerpipe.export.ties import LOGIT_TOLERANCE
from nerpipe.params import NO_EXTRA, NO_TEACHER, Params
from nerpipe.prediction.exported_folder import DATA_SUFFIX, DECODING, ONNX
from nerpipe.tokenizing.model_source import published_model

UNSHOWN_PARAMS = ("report_to", "launcher")  # They change no output, so a cached card could show old values.


def model_card(
    params: Params,
    clean_report: Sequence[CleanRow],
    metrics: MainScores,
    signatures: Mapping[str, str],
    per_type: Sequence[TypeRow],
    pins: str,
    weights_sha256: str,
    networks: Sequence[NetworkComparison],
    word_rule: str,
    *,
    ties: int,
    data_files: Sequence[str],
    examples: Sequence[str],
) -> str:
    """Write the model card from the declared inputs of the stage only.

    The card names no date, host or commit, because a cached card would show old ones.

    Args:
        params: The params of the run.
        clean_report: The content of metrics/clean.json.
        metrics: The content of metrics/metrics.json.
        signatures: The signature of the F1 of each split.
        per_type: The content of metrics/per_type.json.
        pins: The text of requirements/model.txt.
        weights_sha256: The SHA-256 of the trained model.safetensors.
        networks: The comparisons of the ONNX networks, from `write_onnx`.
        word_rule: The rule that finds the words of plain text.
        ties: The sentences of dev that are ties between the exported and the trained model.
        data_files: The ONNX files whose weights are in a file of their own.
        examples: Texts that people can try the model with.

    Returns:
        The text of the card, in Markdown.
    """
    base, _, revision = params.model.rpartition("@")
    shown = {key: value for key, value in dataclasses.asdict(params).items() if key not in UNSHOWN_PARAMS}
    card = ModelCard.from_template(
        _metadata(params, clean_report, metrics["test"], examples),
        template_str=files("nerpipe.export").joinpath("card.md").read_text(encoding="utf-8"),
        dataset=markdown_text(params.dataset),
        extra=markdown_text(params.extra) if params.extra != NO_EXTRA else None,
        taught=params.teacher != NO_TEACHER,
        types=[markdown_text(kind) for kind in sorted({row["type"] for row in per_type})],
        base=markdown_code(base),
        revision=markdown_code(revision),
        note=note_on(params.dataset),
        headline=_headline_table(metrics),
        signatures=[f"{split}: {markdown_code(signature)}" for split, signature in signatures.items()],
        by_type=_type_table(per_type),
        interval=_interval(metrics["test"]),
        resampled=metrics["test"]["resampled"],
        counts=_count_table(clean_report),
        licences=_licences(clean_report),
        params_table=_params_table(shown),
        versions=[line for line in pins.splitlines() if line and not line.startswith("#")],
        weights_sha256=weights_sha256,
        opset=OPSET,
        decoding=DECODING,
        onnx=_network_table(networks),
        least_agreement=f"{LEAST_AGREEMENT:.0%}",
        int8_max_f1_drop=params.int8_max_f1_drop,
        max_length=params.max_length,
        word_rule=markdown_code(word_rule),
        ties=[
            *([f"PyTorch: {ties}"] if ties else []),
            *(f"{one.precision}: {one.ties}" for one in networks if one.ties),
        ],
        logit_tolerance=LOGIT_TOLERANCE,
        data_files=[markdown_code(f"{name}{DATA_SUFFIX}") for name in data_files],
        examples=len(examples),
    )
    return f"{card}\n"


def _metadata(
    params: Params, clean_report: Sequence[CleanRow], test: TestScores, examples: Sequence[str]
) -> ModelCardData:
    """Make the YAML block of the card. The Hugging Face Hub and `nerpipe serve` take scores and examples from it."""
    base, license_of_base = published_model(params.model)
    corpora = [row["corpus"] for row in clean_report]
    languages = ", ".join(row["language"] for row in clean_report if row["language"]).replace(" ", "").split(",")
    scores = {"f1": test["f1"], "precision": test["precision"], "recall": test["recall"]}
    return ModelCardData(
        library_name="transformers",
        pipeline_tag="token-classification",
        tags=["named-entity-recognition", "nerpipe"],
        base_model=base or None,
        license=license_of_base or None,
        language=sorted({*languages} - {""}) or None,
        datasets=list(dict.fromkeys(corpora)),
        metrics=list(scores),
        widget=[{"text": text} for text in examples] or None,
        model_name=f"{params.dataset}-ner",
        eval_results=[
            EvalResult(
                task_type="token-classification",
                task_name="Named-entity recognition",
                dataset_type=params.dataset,
                dataset_name=params.dataset,
                dataset_split="test",
                metric_type=name,
                metric_name=f"{name} (entities, micro average, conlleval)",
                metric_value=value,
            )
            for name, value in scores.items()
        ],
    )


def _licences(clean_report: Sequence[CleanRow]) -> str:
    """Say under which licences the data sets are, as far as their corpus.yaml names one."""
    known = {row["corpus"]: row["license"] for row in clean_report if row["license"]}
    return "; ".join(f"{markdown_text(corpus)}: {markdown_text(name)}" for corpus, name in known.items())


def _params_table(params: Mapping[str, object]) -> str:
    rows = [(key, markdown_code(str(value), in_table=True)) for key, value in params.items()]
    return _table(("param", "value"), rows)


def _interval(test: TestScores) -> str:
    if "f1_low" not in test:
        return f"none, because test holds entities in fewer than two {test['resampled']}"
    return f"{test['f1_low']:.4f} to {test['f1_high']:.4f}"


def _headline_table(metrics: MainScores) -> str:
    rows = [
        (split, *(f"{value:.4f}" for value in (row["precision"], row["recall"], row["f1"], row["token_accuracy"])))
        for split, row in (("test", metrics["test"]), ("dev", metrics["dev"]))
    ]
    return _table(("split", "precision", "recall", "f1", "token_accuracy"), rows)


def _type_table(per_type: Sequence[TypeRow]) -> str:
    rows = [
        (
            markdown_text(row["type"]),
            *(f"{row[name]:.4f}" for name in ("precision", "recall", "f1")),
            support_cell(row["support"]),
        )
        for row in per_type
        if row["split"] == "test"
    ]
    return _table(("type (test)", "precision", "recall", "F1", "entities"), rows)


def _count_table(clean_report: Sequence[CleanRow]) -> str:
    rows = [[row[key] for key in ("split", "sentences", "tokens", "entities", "sha256")] for row in clean_report]
    return _table(("split", "sentences", "tokens", "entities", "SHA-256 of the raw file"), rows)


def _network_table(networks: Sequence[NetworkComparison]) -> str:
    columns = ("file", "dev F1", "compared", "entities as in PyTorch", "largest difference of a logit")
    return _table(columns, [_network_cells(network) for network in networks])


def _network_cells(network: NetworkComparison) -> tuple[str, ...]:
    name = f"`{ONNX[network.precision]}`" if network.exported else f"{network.precision}: left out, it loses too much"
    parts = (f"{network.dev_f1:.4f}", drop_in_words(network.f1_drop, 4), f"{network.span_agreement:.2%}")
    return (name, *parts, f"{network.largest_difference:.1g}")


def _table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
