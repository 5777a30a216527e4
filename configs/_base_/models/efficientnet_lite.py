# EfficientNet-Lite0 with the classifier of ImageNet's 1000 classes, and the pixel values it was trained on.
model = dict(
    type='ImageClassifier',
    backbone=dict(type='EfficientNetLite', arch='lite0'),
    head=dict(type='ClassificationHead', num_classes=1000))
data_preprocessor = dict(type='ViewPreprocessor', mean=[127.0] * 3, std=[128.0] * 3, channels_last=True)
