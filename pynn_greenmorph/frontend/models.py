"""PyNN's cell types, made from the declarations in ``cells/``.

A cell type that PyNN knows becomes a subclass of PyNN's class of that name; a
third party's new cell type becomes a standard cell type of its own.
"""

from __future__ import annotations

from typing import Any

from pyNN.parameters import Sequence
from pyNN.standardmodels import StandardCellType, build_translations, cells

from ..registry import CellModel, cell_model, cell_models
from .values import PlainNumbers

__all__ = ["cell_class", "cell_classes"]

_made: dict[str, type] = {}


def _own_attributes(model: CellModel) -> dict[str, Any]:
    """What a third party's class needs that PyNN's classes already have."""
    defaults: dict[str, Any] = {parameter.name: parameter.default for parameter in model.parameters}
    defaults.update(
        (parameter.name, Sequence([parameter.default])) for parameter in model.histogram
    )
    units = {parameter.name: parameter.unit for parameter in model.parameters + model.histogram}
    if model.ragged:
        defaults[model.ragged] = Sequence([])
        units[model.ragged] = "ms"
    units.update({variable.name: variable.unit for variable in model.variables})
    return {"default_parameters": defaults, "units": units}


def cell_class(model: CellModel) -> type:
    """Return the PyNN class of a cell type; always the same one for one model.

    Parameters
    ----------
    model : CellModel

    Returns
    -------
    type
        Subclass of ``pyNN.standardmodels.StandardCellType`` with the attribute ``model``.
    """
    made = _made.get(model.name)
    if made is not None and made.model is model:  # type: ignore[attr-defined]
        return made
    base = getattr(cells, model.name, None)
    translations = [
        (parameter.name, parameter.column) for parameter in model.parameters + model.histogram
    ]
    if model.ragged:
        translations.append((model.ragged, model.ragged))
    attributes: dict[str, Any] = {
        "__doc__": getattr(base, "__doc__", None) or model.doc,
        "__module__": __name__,
        "__qualname__": model.name,
        "model": model,
        "translations": build_translations(*translations),
        "recordable": ["spikes"] + [v.name for v in model.variables if v.recordable],
        "default_initial_values": {v.name: v.initial for v in model.variables},
        "receptor_types": tuple(receptor.name for receptor in model.receptors),
        "conductance_based": model.conductance_based,
        "injectable": model.injectable,
    }
    if base is None:
        attributes.update(_own_attributes(model))
    else:
        # PyNN takes a parameter's type from its default, and would cut 2.7 to 2.
        attributes["default_parameters"] = {
            name: float(value) if isinstance(value, int) else value
            for name, value in base.default_parameters.items()
        }
    made = type(model.name, (PlainNumbers, base or StandardCellType), attributes)
    _made[model.name] = made
    return made


def cell_classes() -> dict[str, type]:
    """Return the classes of all cell types, by name."""
    return {name: cell_class(model) for name, model in cell_models().items()}


def __getattr__(name: str) -> type:
    """Find a cell class by name, for pickle."""
    if not name.startswith("_") and name in cell_models():
        return cell_class(cell_model(name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
