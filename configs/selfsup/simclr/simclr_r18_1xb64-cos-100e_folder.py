# A folder of your own photos, for a standard ResNet-18 at 224 px, which other libraries load (mmwsl export); for a GPU.
# --data DIR
_base_ = ['./simclr_r18w16_1xb64-cos-100e_folder.py']

model = dict(backbone=dict(base_channels=64, stem='imagenet'), neck=dict(in_channels=512, hidden_channels=512))
data_preprocessor = dict(
    channels_last=True,
    views=[[
        dict(type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, prob=0.8, gray_prob=0.2),
        dict(type='GaussianBlur', kernel_size=23, sigma=(0.1, 2.0), prob=0.5),
    ]] * 2)
train_dataloader = dict(
    dataset=dict(pipeline=[dict(type='RandomCrops', num_views=2, size=224, scale=(0.2, 1.0), flip_prob=0.5)]))
benchmark = dict(batch_size=64, test=dict(pipeline=[dict(type='ResizeCenterCrop', resize=256, crop=224)]))
