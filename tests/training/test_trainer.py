"""Training with tiny models: order of batches, best epoch, determinism, and what fails how."""

import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import training_settings
from letters import LABELS, break_off, sentences, setting_of, windows_of

from nerpipe.contracts.ledger import tally
from nerpipe.contracts.views import Views
from nerpipe.errors import NerpipeError
from nerpipe.tokenizing.view_windows import tokenize_views
from nerpipe.tokenizing.window_dataset import tokenize_split
from nerpipe.training import checkpoints, dev_scores
from nerpipe.training.batch_order import POOL, LengthGroupedSampler, add_fillers
from nerpipe.training.best_epoch import entity_warning
from nerpipe.training.checkpoints import step_of
from nerpipe.training.dev_scores import DevScorer, DevSplit
from nerpipe.training.fine_tuning import train_model
from nerpipe.training.model import load_model
from nerpipe.training.trainer import DevScoringTrainer
from tiny import save_tiny, spec_of

SLOW = pytest.mark.slow
SETTINGS = replace(
    training_settings.SETTINGS,
    lr=5e-3,
    layer_decay=0.9,
    epochs=3,
    weight_decay=0.01,
    warmup=0.1,
    averaging="steps",
    precision="auto",
    threads=2,
)


@pytest.fixture(scope="module", params=["bert", "deberta", "distilbert", "roberta"])
def setting(request, tmp_path_factory):
    return setting_of(spec_of(save_tiny(tmp_path_factory.mktemp("train") / request.param, request.param)))


@pytest.fixture(scope="module")
def bert(tiny_model):
    """A setting of one kind, for what does not depend on the architecture."""
    return setting_of(spec_of(tiny_model))


def train(setting, folder, scratch=None, **changed):
    spec, tokenizer, windows, dev = setting
    scratch = scratch or Path(tempfile.mkdtemp(dir=folder))
    return train_model(spec, tokenizer, windows, dev, LABELS, settings=replace(SETTINGS, **changed), scratch=scratch)


def test_it_learns_and_keeps_the_best_epoch(setting, tmp_path):
    result = train(setting, tmp_path)
    scores = [row["dev_f1"] for row in result.epochs]
    assert max(scores) > 0.8
    kept = [index for index in range(3) if scores[index] >= max(scores) - 0.01][-1]
    if scores.count(scores[kept]) > 1:  # Then the loss decides.
        kept = min(range(3), key=lambda index: (scores[index] != scores[kept], result.epochs[index]["dev_loss"]))
    assert [row["best"] for row in result.epochs] == [index == kept for index in range(3)]
    assert [row["steps"] for row in result.epochs] == [15, 30, 45]
    assert result.epochs[-1]["train_loss"] < result.epochs[0]["train_loss"]
    assert result.losses[-1]["epoch"] == 3


def test_the_model_returned_is_that_of_the_best_epoch(setting, tmp_path):
    from nerpipe.inference.decoding import DecodingWeights
    from nerpipe.inference.word_predictions import predict_words
    from nerpipe.scoring.scores import score

    _, tokenizer, _, dev = setting
    result = train(setting, tmp_path)
    predicted = predict_words(
        result.model,
        dev.windows,
        [len(row) for row in dev.gold],
        labels=LABELS,
        pad_id=tokenizer.pad_token_id,
        weights=DecodingWeights(SETTINGS.outside_bias, SETTINGS.adjoining_penalty),
    )
    best = next(row for row in result.epochs if row["best"])
    assert score(dev.gold, predicted.tags).readings["conlleval"].f1 == best["dev_f1"]
    assert predicted.loss == pytest.approx(best["dev_loss"])


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not(setting, tmp_path):
    import torch

    first, second, other = (train(setting, tmp_path, seed=seed, epochs=1) for seed in (1, 1, 2))
    assert first.losses == second.losses
    for name, weights in first.model.state_dict().items():
        assert torch.equal(weights, second.model.state_dict()[name])
    assert first.losses != other.losses


def test_a_teacher_that_is_certain_teaches_as_labels_do(bert, tmp_path):
    """Half of the sentences have their labels from a teacher: the same order, and the same weights but for rounding."""
    import torch

    spec, tokenizer, windows, dev = bert
    changed = replace(SETTINGS, epochs=2, precision="float32", threads=1)
    half = len(windows) // 2
    rows, tags = sentences(120, 1)
    ids = [LABELS.index(tag) for row in tags[half:] for tag in row]
    views = Views(rows[half:], np.eye(len(LABELS), dtype=np.float32)[ids], 0.0)
    options = {"max_length": 32, "stride": 4, "continuation": None}
    taught, _ = tokenize_views(tokenizer, views, LABELS, **options)
    labelled = train_model(spec, tokenizer, windows, dev, LABELS, settings=changed, scratch=tmp_path / "labelled")
    learnt = train_model(
        spec,
        tokenizer,
        windows.select(range(half)),
        dev,
        LABELS,
        settings=changed,
        scratch=tmp_path / "taught",
        taught=taught,
    )
    assert [row["steps"] for row in learnt.epochs] == [row["steps"] for row in labelled.epochs]
    for name, weights in labelled.model.state_dict().items():
        torch.testing.assert_close(weights, learnt.model.state_dict()[name], atol=1e-4, rtol=1e-3)


def test_a_model_with_another_head_gets_a_new_one(setting, tmp_path):
    spec = setting[0]
    model = load_model(spec, ["O", "B-x", "I-x"], setting[1], attention_dropout=0.0)
    model.save_pretrained(tmp_path)
    again = load_model(spec_of(tmp_path), LABELS, setting[1], attention_dropout=0.0)
    assert again.config.id2label == dict(enumerate(LABELS))
    assert again.classifier.out_features == len(LABELS)


def test_divergence_is_an_error_not_a_model(setting, tmp_path):
    with pytest.raises(NerpipeError, match=r"training diverged. Lower lr"):
        train(setting, tmp_path, lr=1e30, epochs=1)


def test_nothing_to_train_on(setting, tmp_path):
    spec, tokenizer, windows, dev = setting
    with pytest.raises(NerpipeError, match="holds no window"):
        train_model(spec, tokenizer, windows.select([]), dev, LABELS, settings=SETTINGS, scratch=tmp_path)


def test_windows_that_overlap_as_far_as_can_be_train_in_batches_of_one(setting, tmp_path):
    """A window that owned no word would have no label, and the loss of its batch would be no number."""
    from datasets import Dataset

    spec, tokenizer, _, dev = setting
    sizes = [1, 1, 2, 2, 1, 1]  # the window in the middle would own nothing
    rows = [["a" * size for size in sizes]] * 3
    tags = [["O", "B-person", "O", "B-place", "O", "O"]] * 3
    ids = [[LABELS.index(tag) for tag in row] for row in tags]
    data = Dataset.from_dict({"tokens": rows, "ner_tags": ids}, split="train")
    windows, report = tokenize_split(
        tokenizer, data, LABELS, expected=tally(tags), max_length=8, stride=5, continuation=None
    )
    assert (report["windows"], report["tokens"]) == (6, 18)
    assert all(any(label >= 0 for label in row) for row in windows["labels"])
    changed = replace(SETTINGS, batch_size=1, epochs=1)
    train_model(spec, tokenizer, windows, dev, LABELS, settings=changed, scratch=tmp_path)


def test_the_order_is_a_function_of_seed_and_epoch():
    lengths = [random.Random(3).randint(3, 60) for _ in range(1000)]
    sampler = LengthGroupedSampler(lengths, 16, seed=1)
    orders = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
        assert sorted(orders[-1]) == list(range(1000))
    assert orders[0] == orders[2] != orders[1]
    assert list(LengthGroupedSampler(lengths, 16, seed=2)) != orders[0]


def test_fillers_have_no_labels_and_come_last(bert):
    windows = bert[2].select(range(21))
    filled = add_fillers(windows, 3)
    assert filled[:21] == windows[:]
    assert all(label == -100 for row in filled[21:]["labels"] for label in row)
    assert add_fillers(windows, 0) is windows
    lengths = [len(ids) for ids in windows["input_ids"]]
    plain, more = LengthGroupedSampler(lengths, 8, seed=1), LengthGroupedSampler(lengths, 8, seed=1, fillers=3)
    assert list(more) == [*plain, 21, 22, 23]
    assert (len(plain), len(more)) == (21, 24)


def test_batches_hold_windows_of_similar_length():
    generator = random.Random(4)
    lengths = [min(120, max(3, round(generator.gammavariate(3, 8)))) for _ in range(16 * POOL * 2 + 5)]
    order = list(LengthGroupedSampler(lengths, 16, seed=1))
    batches = [order[start : start + 16] for start in range(0, len(order), 16)]
    assert [len(batch) for batch in batches[:-1]] == [16] * (POOL * 2)
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    assert sum(lengths) / padded > 0.93


def test_the_trainer_follows_the_sampler(setting, tmp_path, monkeypatch):
    """accelerate wraps samplers; each epoch must still see the order that (seed, epoch) gives."""
    seen = []
    original = LengthGroupedSampler.__iter__

    def spy(self):
        seen.append(self.epoch)
        return original(self)

    monkeypatch.setattr(LengthGroupedSampler, "__iter__", spy)
    train(setting, tmp_path, epochs=3)
    assert seen == [0, 1, 2]


# The number of saves: within the first epoch, within another one, near the end.
@pytest.mark.parametrize("broken_off_after", [pytest.param(4, marks=SLOW), 19, pytest.param(43, marks=SLOW)])
def test_a_run_that_broke_off_goes_on_to_the_same_bits(setting, tmp_path, monkeypatch, capsys, broken_off_after):
    import torch

    whole = train(setting, tmp_path)
    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, "0")  # at every step
    break_off(monkeypatch, broken_off_after)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(KeyboardInterrupt):
        train(setting, tmp_path, scratch)
    kept = len(list(scratch.glob("checkpoint-*")))
    resumed = train(setting, tmp_path, scratch)
    assert 0 < resumed.resumed_at < 45
    assert f"going on from step {resumed.resumed_at} of 45" in capsys.readouterr().out
    assert resumed.resumed_at == broken_off_after  # losses are logged at some steps only, and state is saved at all
    assert kept <= 3  # the last, the best, and the one before the last, which was just to be deleted
    assert (resumed.epochs, resumed.losses) == (whole.epochs, whole.losses)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name]), name


def test_a_damaged_checkpoint_is_passed_over(setting, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, "0")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    whole = train(setting, tmp_path, scratch)
    for damaged in scratch.glob("checkpoint-*"):
        (damaged / "optimizer.pt").write_bytes(b"half")
    resumed = train(setting, tmp_path, scratch)
    assert "checkpoint-45 is incomplete or damaged" in capsys.readouterr().out
    assert resumed.resumed_at == 0
    assert resumed.epochs == whole.epochs


def script_dev(monkeypatch, f1, loss):
    """Give dev these scores after each epoch, whatever the model predicts."""
    scored = []
    original = DevScorer.on_dev

    def on_dev(self, model):
        found = original(self, model)
        before = [weights for weights, _ in scored]
        weights = model.classifier.weight.detach().clone().tolist()
        if weights not in before:
            scored.append((weights, {**found, "f1": f1[len(scored)], "loss": loss[len(scored)]}))
        return next(scores for known, scores in scored if known == weights)

    monkeypatch.setattr(DevScorer, "on_dev", on_dev)


@pytest.mark.parametrize(
    ("f1", "loss", "best"),
    [
        ([0.5, 0.5, 0.5], [0.3, 0.2, 0.25], 2),
        ([0.5, 0.6, 0.6], [0.1, 0.2, 0.2], 2),
        ([0.0, 0.0, 0.0], [0.3, 0.2, 0.1], 3),
        ([0.7, 0.6, 0.6], [0.3, 0.2, 0.1], 1),
        ([0.7, 0.695, 0.692], [0.1, 0.2, 0.3], 3),  # All are within a point of the best: the last one is kept.
        ([0.7, 0.695, 0.685], [0.3, 0.2, 0.1], 2),
        ([0.5, 0.495, 0.504], [0.1, 0.2, 0.3], 3),
        ([0.5, 0.495, 0.507], [0.1, 0.2, 0.3], 3),
        ([0.502, 0.5, 0.52], [0.1, 0.2, 0.3], 3),
    ],
)
def test_the_last_of_the_best_epochs_is_kept_and_of_equal_ones_that_with_the_lower_loss(
    bert, tmp_path, monkeypatch, f1, loss, best
):
    script_dev(monkeypatch, f1, loss)
    result = train(bert, tmp_path)
    assert [row["epoch"] for row in result.epochs if row["best"]] == [best]
    result.model.zero_grad()
    again = DevScorer(bert[2], bert[3], LABELS, bert[1].pad_token_id).on_dev(result.model)
    assert again["loss"] == loss[best - 1]  # the weights are those of that epoch


@pytest.mark.parametrize("harm", ["flipped byte", "deleted file", "deleted folder"])
def test_a_best_epoch_that_is_lost_is_trained_again(bert, tmp_path, monkeypatch, capsys, harm):
    """The first epoch is the best; the run breaks off in the third, and the checkpoint of the first is damaged."""
    import torch

    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, "0")
    whole = train_with_falling_scores(bert, tmp_path, monkeypatch, tmp_path / "whole")
    with monkeypatch.context() as patch:
        break_off(patch, 40)
        with pytest.raises(KeyboardInterrupt):
            train_with_falling_scores(bert, tmp_path, patch, tmp_path / "scratch")
    assert sorted(path.name for path in (tmp_path / "scratch").glob("checkpoint-*")) == [
        "checkpoint-15",
        "checkpoint-39",
        "checkpoint-40",
    ]
    best = tmp_path / "scratch" / "checkpoint-15"
    if harm == "flipped byte":
        weights = bytearray((best / "model.safetensors").read_bytes())
        weights[-5] ^= 1
        (best / "model.safetensors").write_bytes(weights)
    elif harm == "deleted file":
        (best / "model.safetensors").unlink()
    else:
        shutil.rmtree(best)
    resumed = train_with_falling_scores(bert, tmp_path, monkeypatch, tmp_path / "scratch")
    assert "checkpoint-40 needs checkpoint-15, the epoch kept so far, which is lost" in capsys.readouterr().out
    assert resumed.resumed_at == 0
    assert resumed.epochs == whole.epochs
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name]), name


def train_with_falling_scores(bert, tmp_path, monkeypatch, scratch):
    with monkeypatch.context() as patch:
        script_dev(patch, [0.9, 0.8, 0.7], [0.1, 0.2, 0.3])
        return train(bert, tmp_path, scratch)


def test_a_best_checkpoint_that_is_damaged_while_training_runs_is_an_error_and_trained_again(
    bert, tmp_path, monkeypatch
):
    from transformers import Trainer

    scratch = tmp_path / "scratch"
    original = Trainer._finalize_training

    def damage(self, *args):
        (scratch / "checkpoint-15" / "model.safetensors").unlink()
        return original(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_finalize_training", damage)
        with pytest.raises(NerpipeError, match=r"checkpoint-15: .* damaged or deleted .* trains the lost epoch again"):
            train_with_falling_scores(bert, tmp_path, patch, scratch)
    assert train_with_falling_scores(bert, tmp_path, monkeypatch, scratch).resumed_at == 0


def test_weights_of_another_epoch_are_never_kept(bert, tmp_path, monkeypatch):
    # So that the mean of the last epoch stays.
    monkeypatch.setattr(DevScoringTrainer, "_load_best_model", lambda trainer: trainer.mean.keep())
    with pytest.raises(NerpipeError, match=r"do not score on dev what epoch 1, the kept one, scored \(dev F1 0.9000"):
        train_with_falling_scores(bert, tmp_path, monkeypatch, tmp_path)


def test_a_run_whose_folder_was_moved_keeps_the_best_epoch(bert, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        break_off(patch, 3)  # at the very end, after which nothing is saved
        with pytest.raises(KeyboardInterrupt):
            train_with_falling_scores(bert, tmp_path, patch, tmp_path / "scratch")
    (tmp_path / "scratch").rename(tmp_path / "moved")
    resumed = train_with_falling_scores(bert, tmp_path, monkeypatch, tmp_path / "moved")
    assert resumed.resumed_at == 45
    assert [row["best"] for row in resumed.epochs] == [True, False, False]


def test_state_is_saved_by_time_whatever_the_number_of_steps(bert, tmp_path, monkeypatch):
    """A clock that moves a second with each step: 120 windows one by one for two epochs, and a save each 7 seconds."""
    spec, tokenizer, windows, dev = bert
    now, saved = [0.0], []
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: now[0])
    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, "7")
    step_end, mark = checkpoints.Checkpoints.on_step_end, checkpoints.mark_complete

    def tick(self, *args, **kwargs):
        now[0] += 1
        step_end(self, *args, **kwargs)

    monkeypatch.setattr(checkpoints.Checkpoints, "on_step_end", tick)
    monkeypatch.setattr(checkpoints, "mark_complete", lambda path: (saved.append(step_of(path)), mark(path)))
    changed = replace(SETTINGS, batch_size=1, epochs=2)
    train_model(spec, tokenizer, windows, dev, LABELS, settings=changed, scratch=tmp_path)
    assert saved == [*range(7, 120, 7), 120, *range(127, 240, 7), 240]


@pytest.mark.parametrize("seconds", ["often", "-1", "nan", "inf", ""])
def test_a_wrong_time_between_checkpoints_is_refused(monkeypatch, seconds):
    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, seconds)
    with pytest.raises(NerpipeError, match="expected a number of seconds, 0 or more"):
        checkpoints.shortest_time()


def test_a_model_that_predicts_no_entity_is_warned_of(bert, tmp_path, capsys):
    spec, tokenizer, _, dev = bert
    rows, tags = sentences(60, 1)
    nothing = windows_of(tokenizer, rows, [["O"] * len(row) for row in tags])  # it learns that there are no entities
    result = train((spec, tokenizer, nothing, dev), tmp_path, epochs=2, outside_bias=0.0)
    assert [row["dev_f1"] for row in result.epochs if row["best"]] == [0]
    assert "the kept epoch predicts no entity at all in dev" in capsys.readouterr().out


def test_what_to_try_follows_from_the_loss():
    falling = entity_warning(predicted=0, gold=5, dev_losses=[0.9, 0.7, 0.6])
    assert "Try more epochs, a higher lr" in falling
    assert "Try more epochs, a higher lr" in entity_warning(predicted=0, gold=5, dev_losses=[0.4])
    # all-mpnet-base-v2 on WNUT-17 alone with lr 3e-4, seed 1.
    still = entity_warning(predicted=0, gold=5, dev_losses=[0.4627, 0.4639, 0.4634])
    assert "its loss has not fallen since the first epoch" in still
    assert "`nerpipe check` shows whether train holds enough entities" in still
    assert "Try a higher warmup, a lower lr with more epochs" in still
    assert entity_warning(predicted=1, gold=5, dev_losses=[0.4, 0.4]) is None


def test_dev_without_entities_is_warned_of(bert, tmp_path, capsys):
    spec, tokenizer, windows, dev = bert
    plain = DevSplit(dev.windows, [["O"] * len(row) for row in dev.gold])
    settings = replace(SETTINGS, epochs=2)
    result = train_model(spec, tokenizer, windows, plain, LABELS, settings=settings, scratch=tmp_path)
    assert "dev holds no entity" in capsys.readouterr().out
    losses = [row["dev_loss"] for row in result.epochs]
    assert [row["best"] for row in result.epochs] == [loss == min(losses) for loss in losses]


def test_the_loss_of_the_sample_of_train_is_computed_as_that_of_dev(bert, tmp_path, monkeypatch):
    """With train as dev and a sample of all windows both are the same."""
    spec, tokenizer, windows, _ = bert
    rows, tags = sentences(120, 1)
    same = DevSplit(windows, tags)
    result = train_model(
        spec, tokenizer, windows, same, LABELS, settings=replace(SETTINGS, epochs=2), scratch=tmp_path / "a"
    )
    assert len(windows) == len(rows)
    for row in result.epochs:
        assert row["sample_loss"] == pytest.approx(row["dev_loss"], rel=1e-5)
        assert row["train_loss"] != pytest.approx(row["dev_loss"], rel=0.01)
    monkeypatch.setattr(dev_scores, "SAMPLE", 7)
    again = train_model(
        spec, tokenizer, windows, same, LABELS, settings=replace(SETTINGS, epochs=2), scratch=tmp_path / "b"
    )
    assert [row["dev_loss"] for row in again.epochs] == [row["dev_loss"] for row in result.epochs]
    assert [row["sample_loss"] for row in again.epochs] != [row["sample_loss"] for row in result.epochs]


def test_early_stopping_stops_after_that_many_epochs_without_a_better_one(setting, tmp_path):
    result = train(setting, tmp_path, epochs=30, patience=2)
    scores = [row["dev_f1"] for row in result.epochs]
    assert len(scores) == scores.index(max(scores)) + 3 < 30


@pytest.mark.parametrize("saves", [52, 74, 75])  # Within the fourth epoch, before dev is scored last, and after that.
def test_a_run_that_goes_on_stops_as_early_as_one_that_did_not_break_off(bert, tmp_path, monkeypatch, saves):
    import torch

    script_dev(monkeypatch, [0.5, 0.8, 0.795, 0.796, 0.797, 0.798, 0.799], [0.3] * 7)
    changed = {"epochs": 7, "patience": 3}
    whole = train(bert, tmp_path, **changed)
    assert [row["best"] for row in whole.epochs] == [False] * 4 + [True]
    monkeypatch.setenv(checkpoints.CHECKPOINT_SECONDS, "0")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with monkeypatch.context() as patch:
        break_off(patch, saves)
        with pytest.raises(KeyboardInterrupt):
            train(bert, tmp_path, scratch, **changed)
    resumed = train(bert, tmp_path, scratch, **changed)
    assert resumed.resumed_at == saves
    assert (resumed.epochs, resumed.losses) == (whole.epochs, whole.losses)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name]), name


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "the disk is full"),
        (
            RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 7100224 vs 7100112"),
            "the disk is full",
        ),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
            "Lower batch_size",
        ),
    ],
)
def test_limits_of_the_machine_are_explained_and_what_was_reached_stays(setting, tmp_path, monkeypatch, error, said):
    from transformers import Trainer

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    original = Trainer._save_optimizer_and_scheduler

    def fail(self, output_dir):
        if self.state.global_step > 20:
            raise error
        original(self, output_dir)

    monkeypatch.setattr(Trainer, "_save_optimizer_and_scheduler", fail)
    with pytest.raises(NerpipeError, match=said):
        train(setting, tmp_path, scratch)
    monkeypatch.setattr(Trainer, "_save_optimizer_and_scheduler", original)
    assert train(setting, tmp_path, scratch).resumed_at == 15
