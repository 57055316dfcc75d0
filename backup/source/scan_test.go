package source

import (
	"context"
	"fmt"
	"testing"
)

// scanned collects a scan's items by path.
func scanned(t *testing.T, folder Folder, options ScanOptions) (map[string]Item, []string, Summary) {
	t.Helper()
	items, order := map[string]Item{}, []string(nil)
	sum, err := NewOS(nil).Scan(context.Background(), folder, options, func(i Item) error {
		if _, twice := items[i.Path]; twice {
			return fmt.Errorf("%q came twice", i.Path)
		}
		items[i.Path] = i
		order = append(order, i.Path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := sum.Found + sum.Skipped + sum.Unreadable + sum.OnlineOnly + sum.Failed; n != sum.Items || n != int64(len(order)) {
		t.Fatalf("the sum does not hold: %+v, %d items", sum, len(order))
	}
	return items, order, sum
}
