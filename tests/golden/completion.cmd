0 --lang en completion bash
0 --lang en completion fish
