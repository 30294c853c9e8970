//! The order of setup within one test.

mod io_02 {
    case! {
        "IO-02": "same scope, no dependencies: parameter order of the requesting fixture",
        events: "+f1 +f2 +f3 +f4 +f5 +all =t1 -all -f5 -f4 -f3 -f2 -f1",
    }

    mod m1 {
        a_fixture!(f1());
        a_fixture!(f2());
        a_fixture!(f3());
        a_fixture!(f4());
        a_fixture!(f5());
        a_fixture!(all(f1, f2, f3, f4, f5));
        a_test!(t1(all));
    }
}

mod io_04 {
    case! {
        "IO-04": "autouse before explicitly requested fixtures of the same scope",
        events: "+zz +a1 =t1 -a1 -zz",
    }

    mod m1 {
        a_fixture!(zz() { autouse });
        a_fixture!(a1());
        a_test!(t1(a1));
    }
}

mod io_06 {
    use crate::vocabulary::DropIn;

    case! {
        "IO-06": "autouse fixtures of equal scope: the one defined closer to the root first",
        events: "+p_sub +m_conf +m_sub +m_test +f1 =t1 -f1 -m_test -m_sub -m_conf -p_sub",
        drop_in: DropIn::Same,
    }

    a_fixture!(m_conf() { scope = "module"; autouse });

    mod sub {
        a_fixture!(p_sub() { scope = "worker"; autouse });
        a_fixture!(m_sub() { scope = "module"; autouse });
        mod m1 {
            a_fixture!(m_test() { scope = "module"; autouse });
            a_fixture!(f1());
            a_test!(t1(m_test, f1));
        }
    }
}

mod io_08 {
    case! {
        "IO-08": "order inside one scope: autouse, then uses, then parameters",
        events: "+au +uf +arg =t1 -arg -uf -au",
    }

    mod m1 {
        a_fixture!(au() { autouse });
        a_fixture!(uf());
        a_fixture!(arg());
        a_test!(t1(arg) { uses(uf) });
    }
}

mod io_10 {
    case! {
        "IO-10": "all scopes mixed with autouse",
        events: "+s1 +p1 +m1 +m2 +c1 +f2 +f1 =t1 -f1 -f2 -c1 -m2 -m1 -p1 -s1",
    }

    mod pk {
        a_fixture!(s1() { scope = "session" });
        a_fixture!(p1() { scope = "worker"; autouse });
        mod tests {
            a_fixture!(m1() { scope = "module"; autouse });
            a_fixture!(m2(s1) { scope = "module" });
            a_fixture!(f1());
            a_fixture!(f2());
            #[itest::integration]
            mod g1 {
                a_fixture!(c1() { scope = "group"; autouse });
                a_test!(t1(f2, f1, m2));
            }
        }
    }
}

mod io_51 {
    case! {
        "IO-51": "diamond: what two fixtures build on is one instance",
        events: "+a +b +c =t1 -c -b -a",
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(b(a));
        a_fixture!(c(a));
        a_test!(t1(b, c));
    }
}

mod io_52 {
    case! {
        "IO-52": "deep chain",
        events: "+f1 +f2 +f3 +f4 +f5 +f6 +f7 +f8 =t1 -f8 -f7 -f6 -f5 -f4 -f3 -f2 -f1",
    }

    mod m1 {
        a_fixture!(f8(f7));
        a_fixture!(f7(f6));
        a_fixture!(f6(f5));
        a_fixture!(f5(f4));
        a_fixture!(f4(f3));
        a_fixture!(f3(f2));
        a_fixture!(f2(f1));
        a_fixture!(f1());
        a_test!(t1(f8));
    }
}

mod io_53 {
    case! {
        "IO-53": "the widest scope first, whatever the order of parameters",
        events: "+s +m +f =t1 -f -m -s",
    }

    mod m1 {
        a_fixture!(f());
        a_fixture!(m() { scope = "module" });
        a_fixture!(s() { scope = "session" });
        a_test!(t1(f, m, s));
    }
}

mod io_54 {
    case! {
        "IO-54": "the order of parameters, not that of definition",
        events: "+b +a +c =t1 -c -a -b",
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(b());
        a_fixture!(c());
        a_test!(t1(b, a, c));
    }
}

mod io_55 {
    case! {
        "IO-55": "a dependency comes before its user also where it is a later parameter",
        events: "+f1 +f2 =t1 -f2 -f1",
    }

    mod m1 {
        a_fixture!(f1());
        a_fixture!(f2(f1));
        a_test!(t1(f2, f1));
    }
}

mod io_56 {
    case! {
        "IO-56": "a wide dependency of a later parameter comes before a narrow earlier one",
        events: "+m +f +g =t1 -g -f -m",
    }

    mod m1 {
        a_fixture!(m() { scope = "module" });
        a_fixture!(f());
        a_fixture!(g(m));
        a_test!(t1(f, g));
    }
}

mod io_57 {
    case! {
        "IO-57": "what an autouse fixture builds on comes as early as it",
        events: "+dep +au +a1 =t1 -a1 -au -dep +dep +au +a1 =t2 -a1 -au -dep",
    }

    mod m1 {
        a_fixture!(dep());
        a_fixture!(au(dep) { autouse });
        a_fixture!(a1());
        a_test!(t1(a1));
        a_test!(t2(a1, dep));
    }
}

mod io_58 {
    case! {
        "IO-58": "uses: in the order written",
        events: "+b +a +p =t1 -p -a -b",
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(b());
        a_fixture!(p());
        a_test!(t1(p) { uses(b, a) });
    }
}

mod io_59 {
    use crate::vocabulary::DropIn;

    case! {
        "IO-59": "uses of the test, then of its group, then of the group around that",
        events: "+b +a +c =t1 -c -a -b +b +c +a =t2 -a -c -b",
        drop_in: DropIn::Events("+b +c +a =t2 -a -c -b +b +a +c =t1 -c -a -b"),
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(b());
        a_fixture!(c());
        #[itest::integration(uses(a))]
        mod g1 {
            a_test!(t1(c) { uses(b) });
            #[itest::integration(uses(c))]
            mod g2 {
                a_test!(t2() { uses(b) });
            }
        }
    }
}

mod io_60 {
    case! {
        "IO-60": "a fixture that is autouse, in uses and a parameter is set up once",
        events: "+au +b =t1 -b -au",
    }

    mod m1 {
        a_fixture!(au() { autouse });
        a_fixture!(b());
        a_test!(t1(b, au) { uses(au, b) });
    }
}

mod io_63 {
    case! {
        "IO-63": "a wide fixture that lives already keeps its place in the teardown",
        events: "+s =t1 +m =t2 -m -s",
    }

    mod m1 {
        a_fixture!(s() { scope = "session" });
        a_fixture!(m() { scope = "module" });
        a_test!(t1(s));
        a_test!(t2(m, s));
    }
}

mod io_64 {
    case! {
        "IO-64": "autouse of the root, the module, the group: outer first",
        events: "+z1 +y2 +x3 =t1 -x3 -y2 -z1",
    }

    a_fixture!(z1() { autouse });

    mod m1 {
        a_fixture!(y2() { autouse });
        #[itest::integration]
        mod g1 {
            a_fixture!(x3() { autouse });
            a_test!(t1());
        }
    }
}

mod io_65 {
    case! {
        "IO-65": "module before group",
        events: "+m +c =t1 -c -m",
    }

    mod m1 {
        a_fixture!(c() { scope = "group" });
        a_fixture!(m() { scope = "module" });
        #[itest::integration]
        mod g1 {
            a_test!(t1(c, m));
        }
    }
}

mod io_66 {
    case! {
        "IO-66": "autouse fixtures of one module: in the order of definition (pytest: by name)",
        events: "+z +a +m =t1 -m -a -z",
    }

    mod m1 {
        a_fixture!(z() { autouse });
        a_fixture!(a() { autouse });
        a_fixture!(m() { autouse });
        a_test!(t1());
    }
}

mod io_67 {
    case! {
        "IO-67": "depth first: all that one parameter builds on, then the next parameter",
        events: "+y +x +a +b =t1 -b -a -x -y",
    }

    mod m1 {
        a_fixture!(y());
        a_fixture!(x(y));
        a_fixture!(a(x));
        a_fixture!(b(y));
        a_test!(t1(a, b));
    }
}

mod io_69 {
    case! {
        "IO-69": "diamond over scopes",
        events: "+s +m2 +m1 +f =t1 -f -m1 -m2 -s",
    }

    mod tests {
        a_fixture!(s() { scope = "session" });
        a_fixture!(m1(s) { scope = "module" });
        a_fixture!(m2(s) { scope = "module" });
        a_fixture!(f(m2, m1));
        a_test!(t1(f));
    }
}

mod io_70 {
    case! {
        "IO-70": "the widest scope first also among a fixture's parameters",
        events: "+m +t +f =t1 -f -t -m",
    }

    mod m1 {
        a_fixture!(t());
        a_fixture!(m() { scope = "module" });
        a_fixture!(f(t, m));
        a_test!(t1(f));
    }
}

mod io_71 {
    case! {
        "IO-71": "wide dependencies of several parameters are sorted among each other",
        events: "+s +m +g +f =t1 -f -g -m -s",
    }

    mod m1 {
        a_fixture!(s() { scope = "session" });
        a_fixture!(m() { scope = "module" });
        a_fixture!(f(s));
        a_fixture!(g(m));
        a_test!(t1(g, f));
    }
}

mod io_72 {
    case! {
        "IO-72": "what lives already is not set up again for the next parameter",
        events: "+c +d +b +a =t1 -a -b -d -c",
    }

    mod m1 {
        a_fixture!(a(b));
        a_fixture!(b(c));
        a_fixture!(c());
        a_fixture!(d(c));
        a_test!(t1(d, a));
    }
}

mod io_73 {
    case! {
        "IO-73": "a wide dependency of a parameter comes before a narrow autouse fixture",
        events: "+s +m +au +f =t1 -f -au -m -s",
    }

    mod m1 {
        a_fixture!(au() { autouse });
        a_fixture!(m() { scope = "module" });
        a_fixture!(s() { scope = "session" });
        a_fixture!(f(s));
        a_test!(t1(m, f));
    }
}

mod io_74 {
    case! {
        "IO-74": "tests run in the order of definition",
        events: "=t3 =t1 =t2 =t0",
        drop_in: crate::vocabulary::DropIn::Events("=t1 =t2 =t0 =t3"),
    }

    a_test!(t3());
    mod b {
        a_test!(t1());
    }
    mod a {
        a_test!(t2());
    }
    a_test!(t0());
}

mod io_75 {
    case! {
        "IO-75": "wide fixtures never change the order of tests",
        events: "+s1 =t1 +s2 =t2 =t3 =t4 -s2 -s1",
    }

    a_fixture!(s1() { scope = "session" });
    a_fixture!(s2() { scope = "session" });

    mod m1 {
        a_test!(t1(s1));
        a_test!(t2(s2));
        a_test!(t3());
        a_test!(t4(s1));
    }
}

mod io_76 {
    case! {
        "IO-76": "the worker's scope is between module and session",
        events: "+s +w +m +f =t1 -f -m -w -s",
    }

    mod m1 {
        a_fixture!(s() { scope = "session" });
        a_fixture!(w() { scope = "worker" });
        a_fixture!(m() { scope = "module" });
        a_fixture!(f());
        a_test!(t1(f, m, w, s));
    }
}
