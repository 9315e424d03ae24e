"""An exported folder with a tiny model of random weights, made by the export stage's own functions."""

from dataclasses import replace

from nerpipe.contracts.labels import make_labels
from nerpipe.export.folder import save_folder, seal_folder
from nerpipe.export.onnx_files import export_onnx
from nerpipe.export.quantization import quantize
from nerpipe.prediction.exported_folder import ONNX
from nerpipe.tokenizing.tokenizer import load_tokenizer
from nerpipe.training.model import fold_embeddings, load_model
from tiny import spec_of

# Words whose activations give the scales of the int8 file.
TRAIN = [["Ann", "reads", "the", "London", "paper"], ["the", "train", "to", "Zoo", "!"], ["a"], ["B", "an"] * 9]
LABELS = make_labels(["location", "person"])


def export_tiny(tiny_folder, folder, params, *, capitals="kept", word_rule="general"):
    """Write the folder; its head is scaled so that all labels occur."""
    import torch

    spec = spec_of(tiny_folder)
    tokenizer = load_tokenizer(spec, capitals=capitals)
    torch.manual_seed(3)
    model = load_model(spec, LABELS, tokenizer, attention_dropout=0.0)
    fold_embeddings(model)
    with torch.no_grad():
        model.classifier.weight.mul_(40)
    params = replace(params, max_length=32, stride=8)
    save_folder(folder, model.eval(), tokenizer, LABELS, params, word_rule=word_rule)
    export_onnx(folder, folder / ONNX["fp32"])
    quantize(folder, TRAIN)
    seal_folder(folder, "# A card\n")
    return folder
