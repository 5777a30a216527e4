"""Fill in channel counts that a config leaves to the backbone."""


def with_channels(part, backbone):
    """Fill in ``in_channels`` of a head's or neck's config from the backbone's ``out_channels``, if it has none.

    So one config serves backbones of any width. Modules, and configs that name their channels, pass unchanged.

    Raises:
        ValueError: the backbone does not say how wide its maps are.
    """
    if not isinstance(part, dict) or 'in_channels' in part:
        return part
    if not hasattr(backbone, 'out_channels'):
        raise ValueError(f'{type(backbone).__name__} has no out_channels; give in_channels to {part["type"]}')
    return dict(part, in_channels=list(backbone.out_channels))
