// Command check compares Kubernetes manifests with the schemas of custom resource definitions, as
// an API server does: what a definition does not know, which a server drops in silence, is an error
// too. It is a Go module of its own, for the server's own code.
//
//	check -crds FOLDER[,FOLDER] MANIFEST ...
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// schemas are those of the definitions by "group/version kind".
type schemas map[string]*apiextensions.CustomResourceValidation

func main() {
	folders := flag.String("crds", "", "folders with definitions, separated by commas")
	flag.Parse()
	known := schemas{}
	for _, folder := range strings.Split(*folders, ",") {
		if err := known.read(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	failed := false
	for _, file := range flag.Args() {
		n, err := known.check(file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
			continue
		}
		fmt.Printf("%s: %d objects are as their definitions say\n", file, n)
	}
	if failed {
		os.Exit(1)
	}
}

// read adds the definitions in a folder.
func (s schemas) read(folder string) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		return objects(path, func(text []byte) error {
			var crd v1.CustomResourceDefinition
			if err := yaml.Unmarshal(text, &crd); err != nil || crd.Kind != "CustomResourceDefinition" {
				return nil // something else in the folder
			}
			for _, v := range crd.Spec.Versions {
				internal := &apiextensions.CustomResourceValidation{}
				if err := v1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v.Schema, internal, nil); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				s[crd.Spec.Group+"/"+v.Name+" "+crd.Spec.Names.Kind] = internal
			}
			return nil
		})
	})
}

// check compares the objects of a file with their definitions, and returns their number.
func (s schemas) check(file string) (n int, err error) {
	err = objects(file, func(text []byte) error {
		var object map[string]any
		if err := yaml.Unmarshal(text, &object); err != nil || object == nil {
			return err
		}
		name := fmt.Sprintf("%v %v", object["apiVersion"], object["kind"])
		definition, ok := s[name]
		if !ok {
			return fmt.Errorf("no definition of %s", name)
		}
		n++
		structural, err := schema.NewStructural(definition.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		validator, _, err := validation.NewSchemaValidator(definition.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		all := validation.ValidateCustomResource(nil, object, validator)
		if rules := cel.NewValidator(structural, true, 1<<20); rules != nil {
			broken, _ := rules.Validate(context.Background(), field.NewPath(""), structural, object, nil, 1<<40)
			all = append(all, broken...)
		}
		errs := []error{all.ToAggregate()}
		for _, path := range pruning.PruneWithOptions(object, structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
			errs = append(errs, fmt.Errorf("%s has no field %s", name, path))
		}
		return errors.Join(errs...)
	})
	return n, err
}

// objects calls f for each document of a file.
func objects(file string, f func(text []byte) error) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(data)))
	defer documents.Close()
	for {
		text := make([]byte, len(data)+1)
		n, err := documents.Read(text)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f(text[:n])
		}
		if err != nil {
			return err
		}
	}
}
