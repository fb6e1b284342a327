using System.Collections.Concurrent;
using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestFramework(typeof(Orleans.Tbptt.Tests.Support.TestsBySpeed))]
[assembly: TestCollectionOrderer(typeof(Orleans.Tbptt.Tests.Support.SlowFirst))]

namespace Orleans.Tbptt.Tests.Support;

/// <summary>
/// The trait <c>speed</c>. A test is quick unless its class, or its class's collection, is marked <see cref="SlowAttribute">slow</see>.
/// No class names itself quick, and an architecture test finds quick classes that start processes, so a new class cannot be forgotten.
/// </summary>
public static class Speed
{
    /// <summary>The trait's name.</summary>
    public const string Trait = "speed";

    /// <summary>Requires no silo or console process, no server and no browser.</summary>
    public const string Quick = "quick";

    /// <summary>
    /// Requires one of them, or a cluster of several silos in this process for each test, or counts memory over thousands of steps.
    /// </summary>
    public const string Slow = "slow";

    private static readonly HashSet<string> SlowCollections =
    [
        .. typeof(Speed).Assembly.GetTypes().Where(IsSlow)
            .Select(type => type.GetCustomAttribute<CollectionDefinitionAttribute>()?.Name).OfType<string>(),
    ];

    /// <summary>The speed of the tests in a class.</summary>
    /// <param name="tests">The class.</param>
    public static string Of(Type tests) => IsSlow(tests)
        || (tests.GetCustomAttribute<CollectionAttribute>()?.Name is { } collection && SlowCollections.Contains(collection)) ? Slow : Quick;

    private static bool IsSlow(Type type) => type.IsDefined(typeof(SlowAttribute), inherit: true);
}

/// <summary>
/// Marks a test class, or the definition of a collection, whose tests are <see cref="Speed.Slow"/>. Derived classes inherit it.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SlowAttribute : Attribute;

/// <summary>Gives every test case its <see cref="Speed"/> as a trait.</summary>
public sealed class TestsBySpeed : XunitTestFramework
{
    /// <inheritdoc/>
    protected override ITestFrameworkDiscoverer CreateDiscoverer(Assembly assembly) =>
        new Discoverer(((XunitTestFrameworkDiscoverer)base.CreateDiscoverer(assembly)).TestAssembly);

    private sealed class Discoverer(IXunitTestAssembly assembly) : XunitTestFrameworkDiscoverer(assembly)
    {
        protected override ValueTask<bool> FindTestsForMethod(
            IXunitTestMethod testMethod,
            ITestFrameworkDiscoveryOptions discoveryOptions,
            Func<ITestCase, ValueTask<bool>> discoveryCallback)
        {
            string speed = Speed.Of(testMethod.TestClass.Class);
            if (speed == Speed.Slow)
                SlowFirst.Note(testMethod.TestClass.TestCollection);
            return base.FindTestsForMethod(testMethod, discoveryOptions, test =>
            {
                ((XunitTestCase)test).Traits[Speed.Trait] = [speed];
                return discoveryCallback(test);
            });
        }
    }
}

/// <summary>
/// Begins with the slow collections: most of them wait for processes most of the time, the quick ones compute meanwhile, and no long one is
/// left for the end, when nothing runs next to it.
/// </summary>
public sealed class SlowFirst : ITestCollectionOrderer
{
    private static readonly ConcurrentDictionary<string, bool> Slow = new();

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(one => Slow.ContainsKey(one.UniqueID) ? 0 : 1).ThenBy(one => one.UniqueID, StringComparer.Ordinal)];

    /// <summary>Notes that a collection has slow tests.</summary>
    internal static void Note(ITestCollection collection) => Slow[collection.UniqueID] = true;
}
