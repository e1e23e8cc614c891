# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 Muscle Face developers
"""A layout that notes what a panel draws and refuses what Blender's own would refuse."""

import bpy


class RecordingLayout:
    """Stands in for UILayout: `texts`, `properties` and `operators` hold what was drawn, also in its parts."""

    def __init__(self, unfolded: bool = True, root: "RecordingLayout | None" = None) -> None:
        self.unfolded, self.root = unfolded, root or self
        if root is None:
            self.texts, self.properties, self.operators = [], [], []

    def _part(self, *_args, **_options):
        return RecordingLayout(self.unfolded, self.root)

    row = column = split = box = grid_flow = column_flow = _part

    def panel(self, idname: str, default_closed: bool = False):
        header = self._part()
        return header, self._part() if self.unfolded else None

    def label(self, text: str = "", icon: str = "NONE", **_options) -> None:
        _check_icon(icon)
        self.root.texts.append(text)

    def separator(self, **_options) -> None:
        pass

    def progress(self, text: str = "", factor: float = 0.0, **_options) -> None:
        self.root.texts.append(text)

    def prop(self, data, name: str, text: str | None = None, icon: str = "NONE", **_options) -> None:
        _check_icon(icon)
        prop = data.bl_rna.properties[name]
        self.root.properties.append((data.bl_rna.identifier, name))
        self.root.texts.append(prop.name if text is None else text)

    def prop_search(self, data, name: str, search_data, search_name: str, text: str | None = None, **_options) -> None:
        getattr(search_data, search_name)
        self.prop(data, name, text)

    def prop_menu_enum(self, data, name: str, text: str | None = None, **_options) -> None:
        self.prop(data, name, text)

    def operator(self, name: str, text: str | None = None, icon: str = "NONE", **_options):
        _check_icon(icon)
        module, _, function = name.partition(".")
        kind = getattr(getattr(bpy.ops, module), function).get_rna_type()
        self.root.operators.append(name)
        self.root.texts.append(kind.name if text is None else text)
        return _Options(kind)

    def operator_menu_enum(self, name: str, prop: str, text: str | None = None, **_options):
        return self.operator(name, text)

    def template_list(self, *_args, **_options) -> None:
        pass

    def menu(self, name: str, text: str | None = None, **_options) -> None:
        self.root.texts.append(text or name)


def _check_icon(icon: str) -> None:
    known = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
    assert icon in known, f"no icon {icon}"


class _Options:
    def __init__(self, kind) -> None:
        object.__setattr__(self, "_kind", kind)

    def __setattr__(self, name: str, value) -> None:
        assert name in self._kind.properties, f"no option {name}"


def drawn(context=None, unfolded: bool = True) -> dict[str, RecordingLayout]:
    """What each visible sub-panel of the tab draws now, by its label, in order."""
    from types import SimpleNamespace

    from muscle_face.blender_addon import panels

    context, out = context or bpy.context, {}
    for cls in panels.CLASSES:
        if not issubclass(cls, bpy.types.Panel) or (hasattr(cls, "poll") and not cls.poll(context)):
            continue
        out[cls.bl_label] = layout = RecordingLayout(unfolded)
        # A panel cannot be made by hand: its functions are called on a stand-in.
        methods = {n: v.__get__(None) for n, v in vars(cls).items() if isinstance(v, staticmethod)}
        panel = SimpleNamespace(layout=layout, **methods)
        for name, value in vars(cls).items():
            if callable(value) and not isinstance(value, staticmethod):
                setattr(panel, name, value.__get__(panel))
        panel.draw(context)
    return out
