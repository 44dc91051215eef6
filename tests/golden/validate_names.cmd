2 --lang en validate
2 --lang zh validate
