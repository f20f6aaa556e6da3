"""The doors: few, documented, and closed to what is not one of them."""

from __future__ import annotations

import inspect

import pluggy
import pytest

from ctrlkit.hooks import Adapter, Hooks, hookimpl, plugin_manager


def test_there_are_few_hooks_and_each_says_what_it_returns() -> None:
    hooks = [m for name, m in inspect.getmembers(Hooks, inspect.isfunction) if name.startswith("ctrlkit_")]
    assert 0 < len(hooks) <= 10
    for hook in hooks:
        assert (hook.__doc__ or "").endswith("."), hook.__name__
        assert list(inspect.signature(hook).parameters) == ["self"]


def test_a_manager_is_new_each_time_and_a_misspelt_hook_is_refused() -> None:
    class Misspelt:
        @hookimpl
        def ctrlkit_adaptors(self) -> list[Adapter]:
            return []

    one, other = plugin_manager(), plugin_manager()
    assert one is not other
    one.register(Misspelt())
    with pytest.raises(pluggy.PluginValidationError):
        one.check_pending()
    other.check_pending()


def test_adapters_are_data() -> None:
    found = [a for answer in plugin_manager().hook.ctrlkit_adapters() for a in answer]
    assert found
    for adapter in found:
        assert isinstance(adapter, Adapter)
        assert adapter.headers
