# OICR on scenes with one to three digits, for a CPU.
_base_ = '../wsddn/wsddn_r18w16_1xb16-cos-4e_digitscenes.py'

model = dict(head=dict(type='OICRHead'))
