package passphrase

// commonest are the strings that head every published count of leaked passwords, and what people put into a passphrase for this
// very program; most used first. They are short on purpose: what else is common is caught as a word, a run, a year or a repetition.
var commonest = []string{
	"password", "iloveyou", "admin", "welcome", "letmein", "monkey", "dragon", "football", "baseball", "master", "login",
	"princess", "sunshine", "shadow", "superman", "batman", "michael", "trustno1", "whatever", "starwars", "freedom", "hello",
	"charlie", "secret", "hunter2", "hunter", "jordan", "daniel", "jessica", "ashley", "thomas", "andrew", "michelle", "nicole",
	"soccer", "hockey", "killer", "george", "summer", "winter", "spring", "autumn", "computer", "internet", "google", "samsung",
	"pepper", "ginger", "cheese", "cookie", "chocolate", "flower", "mustang", "harley", "ranger", "liverpool", "arsenal",
	"chelsea", "pokemon", "naruto", "passwort", "hallo", "schatz", "motdepasse", "bonjour", "azerty", "contraseña", "qwerty",
	"lightproof", "backup", "photo", "photos", "picture", "pictures", "camera", "canon", "nikon", "correct", "horse", "battery",
	"staple", "family", "private", "passphrase", "pass", "love", "test", "changeme", "default", "guest", "root", "user",
	"iphone", "apple", "windows", "linux", "money", "jesus", "angel", "lovely", "baby", "qazwsx", "zaq12wsx", "correct horse battery staple",
	"correcthorsebatterystaple", "1q2w3e4r", "1q2w3e",
}

// common returns the rank of p, from 1, among the commonest strings, disguises of letters undone.
func common(p []rune) (int, bool) {
	if len(p) < 4 {
		return 0, false
	}
	for i, c := range commonest {
		if matches(p, c) {
			return i + 1, true
		}
	}
	return 0, false
}

func matches(p []rune, c string) bool {
	i := 0
	for _, want := range c {
		if i == len(p) || p[i] != want && rune(plainLetter(p[i])) != want {
			return false
		}
		i++
	}
	return i == len(p)
}
