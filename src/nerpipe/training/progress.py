"""Shows the progress of a training run on the terminal."""

from typing import Any

from transformers import ProgressCallback, TrainerControl, TrainerState, TrainingArguments


class Progress(ProgressCallback):
    """A progress bar with the estimated time left, and one line of dev scores for each epoch."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - as in TrainerCallback
        logs: dict[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Print the dev scores of an epoch above the bar."""
        if logs and "eval_f1" in logs and self.training_bar is not None:
            self.training_bar.write(
                f"epoch {round(state.epoch or 0)}/{round(args.num_train_epochs)}: dev F1 {logs['eval_f1']:.4f} "
                f"(precision {logs['eval_precision']:.4f}, recall {logs['eval_recall']:.4f}), dev loss "
                f"{logs['eval_loss']:.4f}"
            )
