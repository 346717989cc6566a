/**
 * From files to a project. Reads only through {@link dev.lockstep.spec.load.FileTree}, so that a commit can be loaded
 * as well as a directory, and asks neither the process nor the clock. One class per phase, in this order:
 *
 * <ol>
 *   <li>{@code ProjectVariables}: the environment, then env files; the {@code .env} of the project directory once that
 *       is known
 *   <li>{@code ComposeFiles}: which files, by request, variable or search; {@code ProjectNames}: what it is called
 *   <li>{@code Documents}: their YAML, each file once
 *   <li>{@code Assembly}, for each document in turn:
 *       <ol>
 *         <li>{@code TreeInterpolation}: variables in its values
 *         <li>{@code Includes}: it is put over the projects that it includes, each loaded whole in a {@code Scope} of
 *             its own
 *         <li>{@code Forgetting}: what its {@code !reset} and {@code !override} delete from the documents before
 *         <li>{@code Extends}: each of its services is put over the one it extends
 *         <li>{@code Merge}, by the table {@code MergeRules}: it is put over the documents before
 *       </ol>
 *   <li>{@code Uniqueness}: of list entries that are the same the last one stays
 *   <li>{@code AccessCheck}: no file outside of the tree is named, where that is forbidden
 *   <li>{@code dev.lockstep.spec.read}: the tree as records; then the wanted part of them, where only a part is wanted
 *       once the whole is known to hold together; then {@code env_file} and {@code label_file} of that part
 * </ol>
 *
 * <p>Paths of included and extended files are rebased by the table in {@code PathValues} before they are merged, so
 * that every path of the tree is relative to the project directory. Every position remembers the steps that a value
 * took ({@link dev.lockstep.spec.yaml.Step}). What files can multiply is bounded by {@code Budget}.
 */
@NullMarked
package dev.lockstep.spec.load;

import org.jspecify.annotations.NullMarked;
