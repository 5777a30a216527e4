"""Images generated without labels: the adversarial step that all share, InfoGAN, FineGAN."""

from .adversarial import AdversarialModel
from .finegan import FineGAN
from .finegan_networks import CodeClassifier, FineGANGenerator
from .infogan import CodeDiscriminator, CodeGenerator, InfoGAN
from .patches import PatchDiscriminator

__all__ = ['AdversarialModel', 'CodeClassifier', 'CodeDiscriminator', 'CodeGenerator', 'FineGAN', 'FineGANGenerator',
           'InfoGAN', 'PatchDiscriminator']
