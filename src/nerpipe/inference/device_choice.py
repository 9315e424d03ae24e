"""The device that runs a model: an NVIDIA or AMD GPU (cuda), the GPU of a Mac (mps), or the processor (cpu)."""

from nerpipe.errors import NerpipeError
from nerpipe.params import AUTO, DEVICES


def choose_device(device: str, *, place: str = "[params.yaml -> device]") -> str:
    """Find the device to use.

    Args:
        device: One of DEVICES. AUTO means cuda if PyTorch can use it, otherwise mps, otherwise cpu.
        place: Where the user named the device, for the message.

    Returns:
        cuda, mps or cpu.

    Raises:
        NerpipeError: If there is no such device, or PyTorch cannot use it here.
    """
    if device not in DEVICES:
        raise NerpipeError(f"{place} {device!r}: there is no such device; there are {', '.join(DEVICES)}")
    if device == "cpu":
        return device
    import torch

    usable = [
        name
        for name, there in (
            ("cuda", torch.cuda.is_available()),
            ("mps", torch.backends.mps.is_available()),
            ("cpu", True),
        )
        if there
    ]
    if device == AUTO:
        return usable[0]
    if device not in usable:
        raise NerpipeError(
            f"{place} {device}: PyTorch {torch.__version__} can use no such device here, only {', '.join(usable)}; "
            f"choose {AUTO} or one of these, or install the driver and the build of PyTorch for {device}"
        )
    return device
