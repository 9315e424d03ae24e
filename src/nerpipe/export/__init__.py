"""The stage export: the deployable folder with model, tokenizer, ONNX files, model card and checksums."""
