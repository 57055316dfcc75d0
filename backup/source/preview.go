package source

import (
	"context"
	"slices"
	"strings"
)

// RulePreview is what one rule leaves out.
type RulePreview struct {
	Rule     string
	Items    int64
	Bytes    int64
	Examples []string // the first paths, at most the asked number
}

// Preview scans and tells what each rule leaves out, by name of the rule: what a person should see before a rule counts. A
// directory that is not walked counts as one item.
func Preview(ctx context.Context, tree Tree, folder Folder, options ScanOptions, examples int) ([]RulePreview, error) {
	byRule := map[string]*RulePreview{}
	_, err := tree.Scan(ctx, folder, options, func(i Item) error {
		if i.State != Skipped {
			return nil
		}
		p := byRule[i.Rule]
		if p == nil {
			p = &RulePreview{Rule: i.Rule}
			byRule[i.Rule] = p
		}
		p.Items++
		if i.Kind == KindFile {
			p.Bytes += i.Size
		}
		if len(p.Examples) < examples {
			p.Examples = append(p.Examples, i.Path)
		}
		return nil
	})
	previews := make([]RulePreview, 0, len(byRule))
	for _, p := range byRule {
		previews = append(previews, *p)
	}
	slices.SortFunc(previews, func(a, b RulePreview) int { return strings.Compare(a.Rule, b.Rule) })
	return previews, err
}
