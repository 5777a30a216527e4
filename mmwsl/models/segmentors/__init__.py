from .fcn import FCN, FCNHead

__all__ = ['FCN', 'FCNHead']
