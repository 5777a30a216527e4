"""What benchmarks and second stages train: classifiers, detectors, segmentors."""

from .deeplab import ASPP, DeepLabV2Head, DeepLabV3PlusHead, LargeFOVHead
from .fcn import FCN, FCNHead
from .image_classifier import ImageClassifier
from .matching import assign, sample
from .proposal_network import ProposalNetwork
from .pseudo_label_classifier import PseudoLabelClassifier
from .region_heads import BoxHead, MaskHead, paste_masks, pool_regions
from .rpn import RPNHead
from .segformer import SegFormerHead
from .two_stage import TwoStageDetector
from .uper_net import UPerNetHead
from .yolact import YOLACT, DirectMasks, PrototypeMasks, YOLACTHead

__all__ = ['ASPP', 'BoxHead', 'DeepLabV2Head', 'DeepLabV3PlusHead', 'DirectMasks', 'FCN', 'FCNHead', 'ImageClassifier',
           'LargeFOVHead', 'MaskHead', 'ProposalNetwork', 'PrototypeMasks', 'PseudoLabelClassifier',
           'RPNHead', 'SegFormerHead', 'TwoStageDetector', 'UPerNetHead', 'YOLACT', 'YOLACTHead', 'assign',
           'paste_masks', 'pool_regions', 'sample']
