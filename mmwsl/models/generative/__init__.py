"""Images generated without labels: the adversarial step that all share, InfoGAN, FineGAN, LR-GAN, StackGAN, BigGAN."""

from .adversarial import AdversarialModel
from .biggan import BigGAN
from .biggan_discriminator import BigGANDiscriminator
from .biggan_generator import BigGANGenerator
from .finegan import FineGAN
from .finegan_networks import CodeClassifier, FineGANGenerator
from .infogan import CodeDiscriminator, CodeGenerator, InfoGAN
from .lr_gan import LRGAN, LayeredGenerator
from .patches import PatchDiscriminator
from .stackgan import StackGANv2, StackGenerator

__all__ = ['AdversarialModel', 'BigGAN', 'BigGANDiscriminator', 'BigGANGenerator', 'CodeClassifier',
           'CodeDiscriminator', 'CodeGenerator', 'FineGAN', 'FineGANGenerator', 'InfoGAN', 'LRGAN', 'LayeredGenerator',
           'PatchDiscriminator', 'StackGANv2', 'StackGenerator']
